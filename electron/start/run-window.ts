/** Runs the desktop window and tells an end from a failure to open. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { NO_SANDBOX_FLAG } from './window-obstacle.ts';
import { explainWindowFailure, type WindowFailure } from './window-failure.ts';

/** A window that ends sooner than this with an error never opened: no sandbox, no libraries, no usable display. */
const OPENING_MS = 15_000;
const KEPT_CHARS = 64_000;
const USERNS_FILE = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';

export type WindowEnd =
  { readonly kind: 'ended'; readonly exitCode: number } | ({ readonly kind: 'did not open' } & WindowFailure);

/**
 * @param file Electron's binary
 * @param root the project's folder, which is the application
 */
export function runWindow(file: string, root: string, args: readonly string[]): Promise<WindowEnd> {
  const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env;
  const startedAt = performance.now();
  const isChromiums = (one: string): boolean => one === NO_SANDBOX_FLAG;
  // What Chromium is to read stands before the application, whose own flags follow it.
  const argv = [...args.filter(isChromiums), root, ...args.filter((one) => !isChromiums(one))];
  const child = spawn(file, argv, { cwd: root, env, stdio: ['inherit', 'inherit', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    // The reason comes first, a long stack trace after it.
    if (errors.length < KEPT_CHARS) errors += chunk.toString('utf8');
  });
  let asked = false;
  const forward = (signal: NodeJS.Signals): void => {
    asked = true;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    const settle = (end: WindowEnd): void => {
      for (const signal of signals) process.removeListener(signal, forward);
      resolve(end);
    };
    child.on('error', (error) => settle({ kind: 'did not open', why: error.message, remedy: [] }));
    child.on('close', (code, signal) => {
      if (asked || code === 0) settle({ kind: 'ended', exitCode: code ?? 0 });
      else if (performance.now() - startedAt < OPENING_MS)
        settle({
          kind: 'did not open',
          ...explainWindowFailure(errors, signal ?? `exit code ${code}`, {
            electron: file,
            usernsRestricted: readOrNull(USERNS_FILE),
          }),
        });
      else settle({ kind: 'ended', exitCode: code ?? 1 });
    });
  });
}

function readOrNull(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
