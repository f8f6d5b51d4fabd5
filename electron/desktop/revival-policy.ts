/** How often a page that crashed, hung or did not load is loaded again by itself. Pure. */

export const MAX_REVIVALS = 3;
export const WITHIN_MS = 5 * 60_000;

/**
 * @param revivedAtMs when it was loaded again, oldest first
 * @returns what to do, and the times to go on with
 */
export function decideRevival(
  revivedAtMs: readonly number[],
  nowMs: number,
): { readonly action: 'reload' | 'tell'; readonly revivedAtMs: readonly number[] } {
  const recent = revivedAtMs.filter((atMs) => nowMs - atMs <= WITHIN_MS);
  if (recent.length >= MAX_REVIVALS) return { action: 'tell', revivedAtMs: [] };
  return { action: 'reload', revivedAtMs: [...recent, nowMs] };
}
