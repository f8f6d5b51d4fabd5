/** The headless entry as a process of its own, with the real engine: started, started twice, asked to end, broken. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSocketFetch } from '../../../electron/client/socket-fetch.ts';
import { temporaryDirectory } from '../../fakes/engine.ts';

const entry = path.resolve(import.meta.dirname, '../../../electron/serve.ts');
let dir = '';
let home = '';
const children: ChildProcess[] = [];

interface Ready {
  readonly alreadyRunning: boolean;
  readonly url: string;
  readonly pid?: number;
}

interface Started {
  readonly child: ChildProcess;
  readonly ready: Promise<Ready>;
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
}

function start(...flags: string[]): Started {
  const child = spawn(process.execPath, [entry, '--json', ...flags], {
    env: { ...process.env, SWITCHYARD_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const ready = new Promise<Ready>((resolve, reject) => {
    createInterface(child.stdout)
      .once('line', (line) => resolve(JSON.parse(line) as Ready))
      .once('close', () => reject(new Error(`it never became ready: ${complaints}`)));
  });
  return { child, ready, exited };
}

beforeEach(() => {
  dir = temporaryDirectory();
  home = path.join(dir, 'home');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('switchyard serve', { timeout: 60_000 }, () => {
  it('keeps its directory private, points a second start to itself, and ends well on SIGTERM', async () => {
    const first = start('--port', '0');
    const { url, pid } = await first.ready;
    expect(fs.statSync(home).mode & 0o777).toBe(0o700);
    expect(fs.statSync(path.join(home, 'engine.sock')).mode & 0o777).toBe(0o600);

    const second = start('--port', '1');
    let said = '';
    second.child.stderr?.on('data', (text: string) => {
      said += text;
    });
    expect(await second.exited).toEqual([0, null]);
    expect(said).toMatch(/^--port 1 was not used: the engine that runs already listens on 127\.0\.0\.1:\d+\./);
    const found = await second.ready;
    expect(found.alreadyRunning).toBe(true);
    expect(new URL(found.url).origin).toBe(new URL(url).origin);
    expect(JSON.parse(fs.readFileSync(path.join(home, 'http.json'), 'utf8'))).toMatchObject({ pid });
    expect(fs.readFileSync(path.join(home, 'engine.log'), 'utf8')).not.toContain('token=');

    first.child.kill('SIGTERM');
    expect(await first.exited).toEqual([0, null]);
    expect(fs.existsSync(path.join(home, 'http.json'))).toBe(false);
    expect(fs.existsSync(path.join(home, 'engine.sock'))).toBe(false);
  });

  it('starts again after it was killed, over its left-overs, and one of two starts at once wins', async () => {
    const killed = start('--port', '0');
    await killed.ready;
    killed.child.kill('SIGKILL');
    await killed.exited;
    expect(fs.existsSync(path.join(home, 'engine.sock'))).toBe(true);

    const both = [start('--port', '0'), start('--port', '0')];
    const ready = await Promise.all(both.map((started) => started.ready));
    expect(ready.filter((one) => one.alreadyRunning)).toHaveLength(1);
    expect(new Set(ready.map((one) => new URL(one.url).origin)).size).toBe(1);
  });

  it('ends when it is asked to through its socket', async () => {
    const started = start('--port', '0');
    await started.ready;
    const answer = await createSocketFetch(path.join(home, 'engine.sock'))(
      new Request('http://localhost/api/v1/engine/shutdown', { method: 'POST' }),
    );
    expect(answer.status).toBe(202);
    expect(await started.exited).toEqual([0, null]);
  });
});

describe('a headless entry in trouble', { timeout: 60_000 }, () => {
  /** Runs `serve` on the fake engine in a process of its own. @param trouble statements run once it is ready; `engine` is in scope */
  function startInTrouble(trouble: string): ChildProcess {
    fs.mkdirSync(home, { mode: 0o700 });
    const file = (name: string) => JSON.stringify(path.resolve(import.meta.dirname, name));
    const script = `
      const { serve } = await import(${file('../../../electron/serve.ts')});
      const { createFakeEngine } = await import(${file('../../fakes/engine.ts')});
      const engine = createFakeEngine(${JSON.stringify(home)});
      const print = () => { ${trouble} };
      process.exit(await serve(['--port', '0', '--json'], { print, startEngine: async () => engine }));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, SWITCHYARD_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }

  it('ends with an error and leaves its cause in the log', async () => {
    const child = startInTrouble("setTimeout(() => { throw new Error('bang'); });");
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(fs.readFileSync(path.join(home, 'engine.log'), 'utf8')).toContain('bang');
    expect(fs.existsSync(path.join(home, 'http.json'))).toBe(false);
  });

  it('ends at once when it is interrupted a second time', async () => {
    const child = startInTrouble(
      "engine.close = () => { process.stdout.write('closing'); return new Promise(() => { setInterval(() => {}, 1_000); }); }; process.stdout.write('ready');",
    );
    if (child.stdout === null) throw new Error('no output');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });
});
