/** Runs a program for a message: text on its standard input, within a time, and ended with all it started when that is over. */
import { spawn } from 'node:child_process';
import { DeliveryError } from '../../electron/ports/messenger.ts';

export interface ProgramCall {
  /** What it is called in an error; nothing of its arguments is told. */
  readonly what: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Settles when it ended with 0. What it writes is not read: it may hold what nobody should see. @throws DeliveryError */
export function runProgram(call: ProgramCall): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A group of its own, so that what it started can be ended with it.
  const child = spawn(call.file, [...call.args], {
    env: { ...call.env },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const end = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  };
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, call.timeoutMs);
  call.signal.addEventListener('abort', end, { once: true });
  child.on('error', () => {
    reject(new DeliveryError(`${call.what} could not be started.`, false));
  });
  child.on('exit', (code, signal) => {
    // What it left behind holds nobody up.
    if (code === 0) resolve();
    else if (isLate)
      reject(new DeliveryError(`${call.what} did not end within ${Math.round(call.timeoutMs / 1000)} seconds.`, true));
    else
      reject(
        new DeliveryError(
          `${call.what} ended with ${code === null ? `signal ${signal ?? ''}` : `exit code ${code}`}.`,
          true,
        ),
      );
  });
  // It may end without reading.
  child.stdin.on('error', () => undefined);
  child.stdin.end(call.input);
  return promise.finally(() => {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', end);
  });
}
