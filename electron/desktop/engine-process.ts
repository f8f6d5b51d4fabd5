/** Starts the engine's process with Electron. What is said to it and what becomes of it: engine-link.ts. */
import { utilityProcess } from 'electron';
import type { EngineProcessOrder, FromEngineProcess } from '../ports/engine-process.ts';
import type { EngineProcess } from './engine-link.ts';

const KEPT_CHARS = 2_000;

/**
 * @param script the built engine-process.js
 * @param env its whole environment
 */
export function startEngineProcess(
  script: string,
  order: EngineProcessOrder,
  env: Readonly<Record<string, string>>,
): EngineProcess {
  const child = utilityProcess.fork(script, [JSON.stringify(order)], {
    serviceName: 'Switchyard engine',
    env: { ...env },
    // A terminal that has gone must not end it; what it says before it dies is for the log.
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString('utf8')).slice(-KEPT_CHARS);
  });
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
    send: (message) => child.postMessage(message),
    kill: () => void child.kill(),
    onMessage: (listener) => {
      child.on('message', (message: FromEngineProcess) => listener(message));
    },
    onExit: (listener) => {
      child.on('exit', (code) => listener(code, lastWords.trim()));
    },
  };
}
