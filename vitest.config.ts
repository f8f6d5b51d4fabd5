/**
 * Test projects: `rules` checks who imports whom, `unit` is quick and touches little, `conformance` runs one suite per
 * port on fakes and real things, `recovery` kills engines.
 */
import { defineConfig } from 'vitest/config';

const shared = { environment: 'node', pool: 'forks', retry: 0, allowOnly: process.env['CI'] !== 'true' } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'rules',
          include: ['test/rules/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/unit/**/*.test.{ts,tsx}'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'recovery',
          include: ['test/recovery/**/*.test.ts'],
          testTimeout: 480_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
