#!/usr/bin/env node
/** The `switchyard` command: runs electron/cli.ts under a Node that can. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';

await launch(fileURLToPath(new URL('./cli.ts', import.meta.url)), process.argv.slice(2));
