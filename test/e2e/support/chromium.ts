/** Which Chromium the browser shell drives and how it is started. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import type { LaunchOptions } from '@playwright/test';

/** Where Debian keeps it. */
const SYSTEM_CHROMIUM = '/usr/bin/chromium';

/** Chromium talks to nobody but the engine, and needs no GPU of its own. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A window that is not in front must draw as fast as one that is.
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
];

export function chromiumOptions(): LaunchOptions {
  const named = process.env['SWITCHYARD_CHROMIUM'] ?? process.env['CHROMIUM_PATH'];
  const file = [named, SYSTEM_CHROMIUM].find((each) => each !== undefined && existsSync(each));
  // Chromium refuses its sandbox to root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox', ...QUIET] : QUIET;
  return { headless: true, args, ...(file === undefined ? {} : { executablePath: file }) };
}
