/** Which packs are put together: so many small ones that the rest at least double in size from one to the next. Pure. */

/** Fewer are left alone. */
export const MANY_PACKS = 24;
const FACTOR = 2;

/** @returns the names of the packs to join, none when there are few; each byte is written again only a few times in its life */
export function choosePacks(packs: readonly { readonly name: string; readonly bytes: number }[]): string[] {
  if (packs.length < MANY_PACKS) return [];
  const bySize = packs.toSorted((a, b) => a.bytes - b.bytes);
  let joined = 0;
  let count = 0;
  for (const [index, { bytes }] of bySize.entries()) {
    // Left of a pack that is not twice as large as all before it together, everything goes in.
    if (bytes < FACTOR * joined) count = index + 1;
    joined += bytes;
  }
  // Equal sizes, or a row that doubles all the way: the smaller half.
  return bySize.slice(0, Math.max(count, Math.ceil(packs.length / 2))).map(({ name }) => name);
}
