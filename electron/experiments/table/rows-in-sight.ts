/** Which rows a window of the table shows: heads of groups, and the trials of those that are not folded. Pure. */
import type { TrialGroup, TrialOrder } from './order-trials.ts';

export type RowInSight =
  | { readonly kind: 'trial'; readonly id: number }
  | { readonly kind: 'group'; readonly group: TrialGroup; readonly folded: boolean };

/** @returns how many rows there are in all, and those from `offset` on, at most `limit` */
export function rowsInSight(
  { ids, groups }: Pick<TrialOrder, 'ids' | 'groups'>,
  folded: ReadonlySet<string>,
  offset: number,
  limit: number,
): { readonly length: number; readonly rows: readonly RowInSight[] } {
  const trials = (from: number, to: number): RowInSight[] =>
    Array.from(ids.subarray(from, to), (id) => ({ kind: 'trial' as const, id }));
  if (groups === null) return { length: ids.length, rows: trials(offset, Math.min(ids.length, offset + limit)) };
  const rows: RowInSight[] = [];
  const end = offset + limit;
  let at = 0;
  for (const group of groups) {
    const isFolded = folded.has(group.key);
    const shown = isFolded ? 0 : group.count;
    if (at >= offset && at < end) rows.push({ kind: 'group', group, folded: isFolded });
    const from = Math.max(0, offset - at - 1);
    const to = Math.min(shown, end - at - 1);
    if (to > from) for (const row of trials(group.start + from, group.start + to)) rows.push(row);
    at += 1 + shown;
  }
  return { length: at, rows };
}
