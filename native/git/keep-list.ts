/**
 * Which snapshots are kept: a file of lines, "+" and the tree of one that was taken, "-" of one that was forgotten. Appended to and
 * flushed before anybody hears of it; written anew when it is mostly history. A last line that a crash tore is no line.
 */
import { appendFileSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../snapshots/file-errors.ts';
import { syncPath } from '../snapshots/durable.ts';

const LINE = /^([+-])([0-9a-f]{40})$/;

export interface KeepList {
  has(tree: string): boolean;
  all(): readonly string[];
  /** How many were forgotten since the last `rewrite`. */
  forgotten(): number;
  add(tree: string): Promise<void>;
  forget(tree: string): Promise<void>;
  /** Drops the history. */
  rewrite(): Promise<void>;
}

export async function openKeepList(file: string): Promise<KeepList> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  const kept = new Set<string>();
  let forgotten = 0;
  for (const line of text.split('\n')) {
    const [, sign, tree = ''] = LINE.exec(line) ?? [];
    if (sign === '+') kept.add(tree);
    else if (sign === '-') {
      kept.delete(tree);
      forgotten += 1;
    }
  }
  // What follows a torn line must not be joined to it.
  if (text !== '' && !text.endsWith('\n')) appendFileSync(file, '\n');

  let last: Promise<unknown> = Promise.resolve();
  /** One write after the other; one that failed does not stop the next. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function append(line: string): Promise<void> {
    const handle = await open(file, 'a', 0o600);
    try {
      const { size } = await handle.stat();
      await handle.writeFile(line);
      await handle.datasync();
      if (size === 0) await syncPath(path.dirname(file));
    } finally {
      await handle.close();
    }
  }

  return {
    has: (tree) => kept.has(tree),
    all: () => [...kept],
    forgotten: () => forgotten,
    add: (tree) =>
      inTurn(async () => {
        if (kept.has(tree)) return;
        await append(`+${tree}\n`);
        kept.add(tree);
      }),
    forget: (tree) =>
      inTurn(async () => {
        if (!kept.has(tree)) return;
        await append(`-${tree}\n`);
        kept.delete(tree);
        forgotten += 1;
      }),
    rewrite: () =>
      inTurn(async () => {
        const draft = `${file}.draft`;
        const handle = await open(draft, 'w', 0o600);
        try {
          await handle.writeFile([...kept].map((tree) => `+${tree}\n`).join(''));
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(draft, file);
        await syncPath(path.dirname(file));
        forgotten = 0;
      }),
  };
}
