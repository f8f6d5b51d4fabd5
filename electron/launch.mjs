/**
 * Plain JavaScript that any Node from 18 on can run: finds a Node that runs TypeScript, and runs a script with it.
 * The project brings its own Node as the npm package `node`; no entry may load the native modules under an older one.
 *
 * Used as `import { launch }` by switchyard.mjs, and as `node electron/launch.mjs SCRIPT [ARGUMENT...]` by the npm scripts.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The first release that strips types without a flag. */
const OLDEST_MAJOR = 22;
const OLDEST_MINOR = 18;

/** @param {string} version for example "24.21.0" */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR);
}

/**
 * @param {string} from file whose node_modules are searched
 * @returns {string | null} the Node binary that came with the dependencies, or null
 */
export function findBundledNode(from) {
  const require = createRequire(from);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const packages = [`node-bin-${platform}-${process.arch}`, `node-${platform}-${process.arch}`];
  const binary = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const roots = [];
  try {
    roots.push(path.dirname(require.resolve('node/package.json')));
  } catch {
    // Not installed: the platform package may still be there.
  }
  const candidates = roots.map((root) => path.join(root, binary));
  for (const name of packages) {
    for (const base of [from, ...roots.map((root) => path.join(root, 'package.json'))]) {
      try {
        candidates.push(path.join(path.dirname(createRequire(base).resolve(`${name}/package.json`)), binary));
      } catch {
        // This platform package is not installed here.
      }
    }
  }
  return candidates.find((file) => existsSync(file)) ?? null;
}

/**
 * Runs a script of the project under a Node that can, with this process's arguments, streams and exit code.
 * In this process when it is one already, else in a child that gets every signal this process gets.
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
      `Switchyard needs Node ${OLDEST_MAJOR}.${OLDEST_MINOR} or newer and found only ${process.versions.node} (${process.execPath}).\n` +
        'It brings its own as the npm package "node": run "npm ci" in the project folder (without --ignore-scripts), or install a newer Node.\n',
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [script, ...args], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  // A terminal signals the whole foreground group, so SIGINT and SIGQUIT reach the child without us: only outlive it.
  const forward = (signal) => {
    if (process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => {
    process.stderr.write(`Cannot run ${node}: ${error.message}\nRun "npm ci" in the project folder again.\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeListener(name, forward);
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
  });
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
