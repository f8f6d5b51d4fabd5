/**
 * The one connection to a machine: the user's ssh, with resources/agent/box.py on the other side, which is sent over it.
 *
 * States: idle -> opening -> open -> idle (cut; what was under way fails with `network`) ... -> closed for good.
 * Invariants: at most one ssh at a time; every request settles once; after a failure nothing is tried before a pause is over, which
 * grows from 1 s to 30 s, so that many who ask do not knock more often than one. After close() no process is left.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { createFrameReader, encodeFrame, type Frame } from './frames.ts';
import { sshArgs } from './ssh-command.ts';
import { clip, explainSshEnd, SshFault } from './ssh-fault.ts';

export interface BoxLinkOptions {
  readonly host: string;
  /** resources/agent/box.py */
  readonly boxFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** Sent first on every new connection; the mailbox and the agents need it. */
  readonly place?: { readonly root: string; readonly engineId: string };
}

export interface BoxAnswer {
  readonly head: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

export interface BoxLink {
  /**
   * @param head with `op`; see box.py
   * @param options.timeoutMs for the answer, after which the connection is given up as dead
   * @param options.eager somebody waits at the screen: no pause after a failure
   * @throws SshFault
   */
  request(
    head: { readonly op: string } & Readonly<Record<string, unknown>>,
    body?: Uint8Array,
    options?: { readonly timeoutMs?: number; readonly eager?: boolean; readonly signal?: AbortSignal },
  ): Promise<BoxAnswer>;
  /** Since when it is not reached and why; null = it is, or nobody has tried. */
  trouble(): { readonly sinceMs: number; readonly fault: SshFault } | null;
  close(): void;
}

const REQUEST_TIMEOUT_MS = 60_000;
/** ssh gives up connecting by itself; what a login shell or a jump host takes comes on top. */
const HELLO_TIMEOUT_MS = 30_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const MAX_STDERR = 16_384;
const END_GRACE_MS = 2000;
const LEAST_PYTHON = [3, 8] as const;

/** Reads the program from its standard input, so that nothing has to lie there. */
const BOOTSTRAP =
  'import sys;n=int(sys.stdin.buffer.readline());s=sys.stdin.buffer.read(n);g={"__name__":"box"};exec(compile(s,"box.py","exec"),g);g["main"](sys.argv[1])';

/** What may be asked twice, because the second time changes and answers nothing else. */
const AGAIN: ReadonlySet<string> = new Set([
  'read',
  'list',
  'look',
  'host',
  'processes',
  'machines',
  'which',
  'start',
  'end',
  'begin',
  'commit',
]);

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Waiting {
  readonly resolve: (answer: BoxAnswer) => void;
  readonly reject: (fault: SshFault) => void;
  readonly timer: NodeJS.Timeout;
}

interface Connection {
  readonly send: (head: object, body: Uint8Array, timeoutMs: number) => Promise<BoxAnswer>;
  readonly cut: (fault: SshFault) => void;
}

export function createBoxLink(options: BoxLinkOptions): BoxLink {
  const { host, nowMs, monotonicMs } = options;
  let connection: Promise<Connection> | null = null;
  let current: Connection | null = null;
  let closed = false;
  let failures = 0;
  let notBeforeMs = 0;
  let trouble: { sinceMs: number; fault: SshFault } | null = null;
  let nextId = 1;

  function noteFailure(fault: SshFault): void {
    failures += 1;
    notBeforeMs = monotonicMs() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
    trouble = { sinceMs: trouble?.sinceMs ?? nowMs(), fault };
  }

  async function open(): Promise<Connection> {
    const program = await readFile(options.boxFile);
    const nonce = randomBytes(8).toString('hex');
    const words = ['exec', 'python3', '-c', BOOTSTRAP, nonce];
    const child: Child = spawn('ssh', sshArgs(host, words), {
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const waiting = new Map<number, Waiting>();
    const reader = createFrameReader(nonce);
    let said = '';
    let over: SshFault | null = null;
    const greeted = Promise.withResolvers<void>();
    greeted.promise.catch(() => undefined);

    const finish = (fault: SshFault): void => {
      if (over !== null) return;
      over = fault;
      greeted.reject(fault);
      for (const one of waiting.values()) {
        clearTimeout(one.timer);
        one.reject(fault);
      }
      waiting.clear();
      endChild(child);
      if (current === made) current = null;
      connection = null;
    };
    const made: Connection = {
      cut: finish,
      send: (head, body, timeoutMs) => {
        const { promise, resolve, reject } = Promise.withResolvers<BoxAnswer>();
        if (over !== null) return Promise.reject(over);
        const id = nextId++;
        const timer = setTimeout(() => {
          finish(new SshFault('network', `${host} does not answer any more.`, `Type: ssh ${host} true`, 'reach'));
        }, timeoutMs);
        timer.unref();
        waiting.set(id, { resolve, reject, timer });
        for (const part of encodeFrame({ ...head, id }, body)) child.stdin.write(part);
        return promise;
      },
    };
    const settle = ({ head, body }: Frame): void => {
      const one = waiting.get(head.id);
      if (one === undefined) return;
      waiting.delete(head.id);
      clearTimeout(one.timer);
      if (head.fault === undefined) one.resolve({ head, body });
      else one.reject(new SshFault(head.fault.code, `${host}: ${clip(head.fault.message)}`));
    };
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        const frames = reader.push(chunk);
        if (reader.hello() !== null) greeted.resolve();
        for (const frame of frames) settle(frame);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        finish(new SshFault('refused', `What comes from ${host} is not understood: ${text}.`));
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MAX_STDERR);
    });
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      const text = missing ? 'There is no ssh on this machine.' : `ssh cannot be started: ${error.message}`;
      finish(
        new SshFault(
          'refused',
          text,
          missing ? 'Install it, for example: sudo apt install openssh-client' : null,
          'reach',
        ),
      );
    });
    child.on('close', (exitCode) => {
      finish(explainSshEnd(host, said, exitCode));
    });
    child.stdin.write(`${program.length}\n`);
    child.stdin.write(program);

    const late = setTimeout(() => {
      finish(new SshFault('network', `${host} did not answer in time.`, `Type: ssh ${host} true`, 'reach'));
    }, HELLO_TIMEOUT_MS);
    late.unref();
    try {
      await greeted.promise;
      requirePython(host, reader.hello()?.python ?? []);
      if (options.place !== undefined)
        await made.send(
          { op: 'open', root: options.place.root, engine: options.place.engineId },
          new Uint8Array(),
          HELLO_TIMEOUT_MS,
        );
    } catch (error) {
      finish(error instanceof SshFault ? error : new SshFault('refused', String(error)));
      throw error;
    } finally {
      clearTimeout(late);
    }
    current = made;
    failures = 0;
    trouble = null;
    return made;
  }

  function connected(eager: boolean): Promise<Connection> {
    if (closed) return Promise.reject(new SshFault('network', `The connection to ${host} is closed.`));
    if (connection !== null) return connection;
    if (!eager && trouble !== null && monotonicMs() < notBeforeMs) return Promise.reject(trouble.fault);
    const opening = open().catch((error: unknown) => {
      connection = null;
      const fault = error instanceof SshFault ? error : new SshFault('refused', String(error));
      noteFailure(fault);
      throw fault;
    });
    connection = opening;
    return opening;
  }

  return {
    async request(head, body = new Uint8Array(), { timeoutMs = REQUEST_TIMEOUT_MS, eager = false, signal } = {}) {
      signal?.throwIfAborted();
      const first = await connected(eager);
      signal?.throwIfAborted();
      try {
        return await first.send(head, body, timeoutMs);
      } catch (error) {
        if (closed || !AGAIN.has(head.op) || !(error instanceof SshFault) || error.code !== 'network') throw error;
        // The line was cut, as lines are: once more over a new one, before anybody hears of it.
        const second = await connected(eager);
        if (second === first) throw error;
        signal?.throwIfAborted();
        return await second.send(head, body, timeoutMs);
      }
    },
    trouble: () => trouble,
    close() {
      closed = true;
      const fault = new SshFault('network', `The connection to ${host} is closed.`);
      void connection?.then(
        ({ cut }) => {
          cut(fault);
        },
        () => undefined,
      );
      current?.cut(fault);
    },
  };
}

/** The end of its input ends the other side; ssh itself gets some time for that. */
function endChild(child: Child): void {
  child.stdin.destroy();
  child.stdout.destroy();
  child.stderr.destroy();
  child.kill('SIGTERM');
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), END_GRACE_MS);
  timer.unref();
  child.once('exit', () => {
    clearTimeout(timer);
  });
  child.unref();
}

function requirePython(host: string, version: readonly number[]): void {
  const [major = 0, minor = 0] = version;
  if (major > LEAST_PYTHON[0] || (major === LEAST_PYTHON[0] && minor >= LEAST_PYTHON[1])) return;
  throw new SshFault(
    'refused',
    `${host} has Python ${version.join('.')}; 3.8 or newer is needed.`,
    'Install a newer one there as python3, on the PATH that a command over ssh gets.',
    'python',
  );
}
