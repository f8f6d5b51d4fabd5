/**
 * Plain JavaScript that any Node from 18 on can run: finds a Node that runs TypeScript and the engine, and runs a program with it.
 * The project brings its own Node as the npm package `node`; no entry may load the native modules under an older one.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

/** The first release that strips types without a flag. */
const OLDEST_MAJOR = 22;
const OLDEST_MINOR = 18;
export const OLDEST_NODE = `${OLDEST_MAJOR}.${OLDEST_MINOR}`;

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
 * Runs a program in a child that has this process's streams and gets every signal this process gets; this process ends as
 * the child does.
 * @param {string} node the Node binary
 * @param {readonly string[]} args script and its arguments
 */
export function runUnder(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  // A terminal signals the whole foreground group, so SIGINT and SIGQUIT reach the child without us: only outlive it.
  const forward = (signal) => {
    if (process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => {
    process.stderr.write(`Cannot run ${node}: ${error.message}\nInstall Switchyard again ("npm ci" in a clone).\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeListener(name, forward);
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
  });
}
