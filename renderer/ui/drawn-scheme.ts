/** The colour scheme that the page is drawn in: what a canvas must be drawn in too. */
import { useSyncExternalStore } from 'react';

const ATTRIBUTE = 'data-mantine-color-scheme';

function subscribe(watcher: () => void): () => void {
  const observer = new MutationObserver(watcher);
  observer.observe(document.documentElement, { attributeFilter: [ATTRIBUTE] });
  return () => observer.disconnect();
}

/** @returns "light" or "dark" once the page's own colours are those; the library's hook tells it one drawing too early. */
export const useDrawnScheme = (): string =>
  useSyncExternalStore(subscribe, () => document.documentElement.getAttribute(ATTRIBUTE) ?? 'light');
