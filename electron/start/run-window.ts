/** Runs the desktop window and tells an end from a failure to open. */
import { spawn } from 'node:child_process';

/** A window that ends sooner than this with an error never opened: no sandbox, no libraries, no usable display. */
const OPENING_MS = 15_000;

export type WindowEnd =
  { readonly kind: 'ended'; readonly exitCode: number } | { readonly kind: 'did not open'; readonly why: string };

/**
 * @param file Electron's binary
 * @param root the project's folder, which is the application
 */
export function runWindow(file: string, root: string, args: readonly string[]): Promise<WindowEnd> {
  const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env;
  const startedAt = performance.now();
  const child = spawn(file, [root, ...args], { cwd: root, env, stdio: ['inherit', 'inherit', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    errors = (errors + chunk.toString('utf8')).slice(-4_000);
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
    child.on('error', (error) => settle({ kind: 'did not open', why: error.message }));
    child.on('close', (code, signal) => {
      if (asked || code === 0) settle({ kind: 'ended', exitCode: code ?? 0 });
      else if (performance.now() - startedAt < OPENING_MS)
        settle({ kind: 'did not open', why: lastLine(errors) ?? (signal === null ? `exit code ${code}` : signal) });
      else settle({ kind: 'ended', exitCode: code ?? 1 });
    });
  });
}

function lastLine(text: string): string | null {
  return text.trim().split('\n').at(-1)?.trim().slice(0, 200) || null;
}
