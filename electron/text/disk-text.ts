/** What takes the room on the disk, in words. Pure. */
import type { DiskKind } from '../contract/disk.ts';
import { sayBytes } from './say.ts';

export const DISK_KIND_TEXT: Readonly<Record<DiskKind, string>> = {
  work: 'working copies',
  checkpoints: 'checkpoints',
  outputs: 'outputs',
  logs: 'logs',
  snapshots: 'snapshots',
  database: 'database',
  leftovers: 'leftovers of a former database',
  other: 'other files and the reserve',
};

/** What is less than this is not worth a word beside the rest. */
const WORTH_A_WORD_BYTES = 1024 * 1024;

/** @returns "Switchyard's own data takes 80 GiB: working copies 60 GiB, checkpoints 15 GiB and logs 5 GiB", the largest first, at most four */
export function sayDiskUse(use: {
  readonly usedBytes: number;
  readonly kinds: readonly { readonly kind: DiskKind; readonly bytes: number }[];
}): string {
  const large = use.kinds
    .filter(({ bytes }) => bytes >= WORTH_A_WORD_BYTES)
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 4)
    .map(({ kind, bytes }) => `${DISK_KIND_TEXT[kind]} ${sayBytes(bytes)}`);
  return `Switchyard's own data takes ${sayBytes(use.usedBytes)}${large.length === 0 ? '' : `: ${large.join(', ')}`}`;
}
