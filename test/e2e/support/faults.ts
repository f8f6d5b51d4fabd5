/** What must never happen in a window: script errors, console errors, violations of the content security policy. */
import type { Page } from '@playwright/test';

export interface FaultWatch {
  /** Accepts errors whose text matches; for specs that provoke them. */
  tolerate(pattern: RegExp): void;
  /** Every error so far that nobody tolerates. */
  list(): readonly string[];
}

export function watchFaults(): FaultWatch & { watch(page: Page): void } {
  const seen: string[] = [];
  const tolerated: RegExp[] = [];
  return {
    watch(page) {
      page.on('pageerror', (error) => {
        seen.push(`script error: ${error.stack ?? error.message}`);
      });
      page.on('console', (message) => {
        // Violations of the policy are reported here too, as errors or (Trusted Types) as warnings.
        if (message.type() === 'error' || /content security policy|trusted ?type/i.test(message.text()))
          seen.push(`console: ${message.text()} (${message.location().url})`);
      });
      page.on('crash', () => {
        seen.push('the page crashed');
      });
    },
    tolerate(pattern) {
      tolerated.push(pattern);
    },
    list: () => seen.filter((text) => !tolerated.some((pattern) => pattern.test(text))),
  };
}

/** Chromium's own note about an answer of 4xx or 5xx, and about an engine that is gone; the app shows both in its own words. */
export const REFUSED_REQUEST = /Failed to load resource: the server responded with a status of 4\d\d/;
export const ENGINE_GONE = /Failed to load resource: net::|net::ERR_/;
