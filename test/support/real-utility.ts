/** Gives a utility process of the fake a real one: the engine's own script in a Node of its own. */
import { fork } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FakeUtilityProcess } from '../fakes/electron.ts';

const PARENT_PORT = pathToFileURL(path.join(import.meta.dirname, 'parent-port.ts')).href;

/** @param env beside what the child was given */
export function runForReal(
  child: FakeUtilityProcess,
  script: string = child.script,
  env: Readonly<Record<string, string>> = {},
): void {
  const real = fork(script, [...child.args], {
    env: { ...child.env, ...env },
    execArgv: ['--import', PARENT_PORT],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  real.stderr?.on('data', (chunk: Buffer) => child.stderr.write(chunk));
  real.on('message', (message) => child.emit('message', message));
  real.on('exit', (code) => child.ends(code ?? 1));
  child.postMessage = (message) => void (real.connected && real.send(message as object));
  child.kill = () => real.kill();
}
