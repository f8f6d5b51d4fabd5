/** End to end: the real engine, the real UI. `E2E_SHELL=electron` runs the same specs in the desktop window. */
import path from 'node:path';
import process from 'node:process';
import { defineConfig } from '@playwright/test';

const ROOT = path.resolve(import.meta.dirname, '../..');

export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '**/*.spec.ts',
  outputDir: path.join(ROOT, 'test-results', 'e2e', 'failures'),
  // One machine, one engine at a time: figures of one spec must not be those of two.
  workers: 1,
  fullyParallel: false,
  // One more try where machines are shared: a page that drew late is named in the notes, not hidden.
  retries: process.env['CI'] === 'true' ? 1 : 0,
  forbidOnly: process.env['CI'] === 'true',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reportSlowTests: null,
  use: { trace: 'retain-on-first-failure', actionTimeout: 10_000, viewport: { width: 1440, height: 900 } },
});
