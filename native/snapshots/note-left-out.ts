/** Tells what a snapshot does not hold. Pure. */
import { sayBytes } from '../../electron/text/say.ts';
import { OWN_RULE } from './ignore-rules.ts';
import type { TreeListing } from './walk-tree.ts';

const NAMED = 5;

/** @returns sentences for the user; none when nothing was left out */
export function noteLeftOut({
  special,
  leftOut,
  moreLeftOut,
  ownLeftOut,
}: Pick<TreeListing, 'special' | 'leftOut' | 'moreLeftOut' | 'ownLeftOut'>): string[] {
  const notes: string[] = [];
  const sizeOf = new Map(leftOut.map((one) => [one.path, ` (${saySize(one)})`]));
  const byRule = leftOut.filter((one) => one.rule !== OWN_RULE);
  const more = Math.max(0, byRule.length - NAMED) + moreLeftOut;
  if (byRule.length > 0)
    notes.push(
      `Left out by rule: ${byRule
        .slice(0, NAMED)
        .map((one) => `${one.path} (${saySize(one)}, ${one.rule})`)
        .join(', ')}${more > 0 ? ` and ${more} more` : ''}. The run does not find them in its copy.`,
    );
  const first = ownLeftOut[0];
  if (first !== undefined) {
    const named = list(ownLeftOut.map((dir) => `${dir}/${sizeOf.get(`${dir}/`) ?? ''}`));
    const which = ownLeftOut.length === 1 ? 'it' : first;
    notes.push(`Left out of the snapshot: ${named}. A line "!${first}/" in .switchyardignore brings ${which} back.`);
  }
  if (special.length > 0)
    notes.push(
      `Left out of the snapshot, because they cannot be copied (sockets, pipes, devices, names that are not UTF-8): ${list(special)}.`,
    );
  return notes;
}

const saySize = ({ bytes, isMore }: { readonly bytes: number; readonly isMore: boolean }): string =>
  `${isMore ? 'more than ' : ''}${sayBytes(bytes)}`;

const list = (paths: readonly string[]): string =>
  `${paths.slice(0, NAMED).join(', ')}${paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ''}`;
