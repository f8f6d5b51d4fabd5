/**
 * Reads objects of the repository, each checked against its name: what is damaged is never handed out.
 *
 * States: no process -> one `cat-file --batch` that answers in order -> (idle for a while, or it died) no process.
 * Invariant: requests are answered in the order they were written. When the process dies, the one it was about to answer fails and the
 * others are asked again.
 */
import { createHash } from 'node:crypto';
import { startGit, type GitProcess } from './run-git.ts';

const IDLE_MS = 5_000;

export type ObjectType = 'blob' | 'tree';

/** An object that is not there or not what its name says. */
export class ObjectDamaged extends Error {
  readonly object: string;
  constructor(object: string, why: string) {
    super(why);
    this.name = 'ObjectDamaged';
    this.object = object;
  }
}

export interface ObjectReader {
  /** @throws ObjectDamaged */
  read(object: string, type: ObjectType): Promise<Buffer>;
  close(): Promise<void>;
}

interface Asked {
  readonly object: string;
  readonly type: ObjectType;
  readonly resolve: (content: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

export function createObjectReader(repository: string): ObjectReader {
  let running: GitProcess | null = null;
  let asked: Asked[] = [];
  let idle: NodeJS.Timeout | null = null;
  /** What of the answers is not used yet. */
  let chunks: Buffer[] = [];
  let have = 0;
  /** Of the answer being read: its bytes and the line end behind them; null = its first line is not here yet. */
  let expected: { readonly kind: string; readonly bytes: number } | null = null;

  function start(): GitProcess {
    const started = startGit(repository, ['cat-file', '--batch']);
    running = started;
    chunks = [];
    have = 0;
    expected = null;
    started.child.stdout.on('data', (chunk: Buffer) => {
      if (running !== started) return;
      chunks.push(chunk);
      have += chunk.length;
      takeAnswers();
    });
    void started.ended.then(({ stderr }) => {
      if (running !== started) return;
      running = null;
      const [first, ...others] = asked;
      asked = [];
      if (first === undefined) return;
      first.reject(new ObjectDamaged(first.object, stderr.trim().split('\n').at(-1) ?? 'git ended'));
      for (const one of others) ask(one);
    });
    return started;
  }

  function takeAnswers(): void {
    for (;;) {
      if (expected === null) {
        // The first line is short: it is in one piece, or soon will be.
        const all = joined();
        const end = all.indexOf(10);
        if (end === -1) return;
        const [, kind = '', size] = all.toString('latin1', 0, end).split(' ');
        leave(all, end + 1);
        if (kind === 'missing' || size === undefined) {
          const one = asked.shift();
          one?.reject(new ObjectDamaged(one.object, 'it is missing'));
          continue;
        }
        expected = { kind, bytes: Number(size) };
      }
      if (have < expected.bytes + 1) return;
      const all = joined();
      const content = all.subarray(0, expected.bytes);
      const { kind } = expected;
      leave(all, expected.bytes + 1);
      expected = null;
      const one = asked.shift();
      if (one !== undefined) answer(one, kind, content);
      if (asked.length === 0) rest();
    }
  }

  function joined(): Buffer {
    if (chunks.length !== 1) chunks = [Buffer.concat(chunks)];
    return chunks[0] as Buffer;
  }

  function leave(all: Buffer, used: number): void {
    const left = all.subarray(used);
    chunks = left.length === 0 ? [] : [left];
    have = left.length;
  }

  function answer(one: Asked, kind: string, content: Buffer): void {
    const name = createHash('sha1').update(`${one.type} ${content.length}\0`).update(content).digest('hex');
    if (kind === one.type && name === one.object) one.resolve(content);
    else one.reject(new ObjectDamaged(one.object, 'its content is not what was stored'));
  }

  function ask(one: Asked): void {
    if (idle !== null) clearTimeout(idle);
    idle = null;
    const { child } = running ?? start();
    asked.push(one);
    child.stdin.write(`${one.object}\n`);
  }

  function rest(): void {
    idle ??= setTimeout(() => {
      idle = null;
      running?.child.stdin.end();
      running = null;
    }, IDLE_MS);
    idle.unref();
  }

  return {
    read: (object, type) =>
      new Promise((resolve, reject) => {
        ask({ object, type, resolve, reject });
      }),
    async close() {
      if (idle !== null) clearTimeout(idle);
      const last = running;
      last?.child.stdin.end();
      await last?.ended;
    },
  };
}
