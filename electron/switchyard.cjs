#!/usr/bin/env node
/**
 * The `switchyard` command. Runs the built command line in this very Node where it is up to date; a clone whose sources
 * are newer builds it first (built-cli.ts). CommonJS, because loading node:http and others as ES modules costs
 * more time than the rest of a command.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);
const built = path.join(root, 'out', 'cli');

/** An installed package has no sources. Sizes and times are compared, because every command pays for it. */
function isUpToDate() {
  if (!fs.existsSync(path.join(__dirname, 'cli.ts'))) return true;
  try {
    const { inputs } = JSON.parse(fs.readFileSync(path.join(built, 'inputs.json'), 'utf8'));
    return inputs.every(([file, size, mtimeMs]) => {
      const found = fs.statSync(path.join(root, file), { throwIfNoEntry: false });
      return found !== undefined && found.size === size && found.mtimeMs === mtimeMs;
    });
  } catch {
    // Never built, or not completely.
    return false;
  }
}

// Compiled code is kept for the next command (Node 20 cannot).
require('node:module').enableCompileCache?.(
  path.join(process.env.XDG_CACHE_HOME || path.join(require('node:os').homedir(), '.cache'), 'switchyard', 'compiled'),
);
if (isUpToDate()) require(path.join(built, 'cli.cjs'));
else
  void import('./launch.mjs').then(({ launch }) => launch(path.join(__dirname, 'built-cli.ts'), process.argv.slice(2)));
