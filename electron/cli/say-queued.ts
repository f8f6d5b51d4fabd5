/** What is said of new trials: their numbers and name, and what the engine decided on its own, once in a batch. */
import type { CommandContext } from './command-context.ts';
import { plain } from './table.ts';
import { tellOnce } from './told.ts';

/** Submits of one shell that follow each other this closely are a batch: a loop, or somebody who tries. */
const BATCH_MS = 60_000;

const MOST_NAMED = 3;

/** @returns "#7 resnet"; an engine of an older version tells no name */
export function sayQueued(queued: { readonly trialIds: readonly number[]; readonly name?: string }): string {
  const [first, last] = [queued.trialIds[0], queued.trialIds.at(-1)];
  const count = queued.trialIds.length;
  const ids =
    count > MOST_NAMED && last === (first ?? 0) + count - 1
      ? `#${first} to #${last} (${count} trials)`
      : queued.trialIds.map((id) => `#${id}`).join(', ');
  return queued.name === undefined ? ids : `${ids} ${plain(queued.name)}`;
}

/** On stderr. The shell that runs the loop is the parent of each of its commands. */
export function tellNotes(notes: readonly string[], { terminal, paths }: CommandContext): void {
  const keyOf = (note: string): string => `${process.ppid} ${note}`;
  const fresh = new Set(tellOnce(paths.dir, notes.map(keyOf), BATCH_MS, Date.now()));
  for (const note of notes) if (fresh.has(keyOf(note))) terminal.note(terminal.paintError(plain(note), 'dim'));
}
