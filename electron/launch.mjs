/**
 * `node electron/launch.mjs SCRIPT [ARGUMENT...]`: runs a script of the project under a Node that can. Plain JavaScript,
 * because it runs under any Node from 18 on.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findBundledNode, OLDEST_NODE, runsTypeScript, runUnder } from './client/other-node.mjs';

/**
 * In this process when it can, else in a child. With this process's arguments, streams and exit code.
 * @param {string} script absolute path
 * @param {readonly string[]} args
 */
export async function launch(script, args) {
  if (runsTypeScript(process.versions.node)) {
    process.argv = [process.argv[0] ?? process.execPath, script, ...args];
    await import(pathToFileURL(script).href);
    return;
  }
  const node = findBundledNode(fileURLToPath(import.meta.url));
  if (node === null) {
    process.stderr.write(
      `Switchyard needs Node ${OLDEST_NODE} or newer and found only ${process.versions.node} (${process.execPath}).\n` +
        'It brings its own as the npm package "node": run "npm ci" in the project folder (without --ignore-scripts), or install a newer Node.\n',
    );
    process.exitCode = 1;
    return;
  }
  runUnder(node, [script, ...args]);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) {
    process.stderr.write('Usage: node electron/launch.mjs SCRIPT [ARGUMENT...]\n');
    process.exitCode = 2;
  } else {
    await launch(path.resolve(script), args);
  }
}
