/** The `switchyard` command in a clone whose built command line is missing or older than its sources: builds it, then runs it. */
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { rebuild } from './start/bundles.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

// Where it cannot be built (no build tools, a folder of somebody else's) the sources do the same, slower.
if (await rebuild(ROOT, 'cli')) {
  process.argv[1] = path.join(ROOT, 'electron', 'switchyard.cjs');
  createRequire(import.meta.url)(path.join(ROOT, 'out', 'cli', 'cli.cjs'));
} else await import('./cli.ts');
