/** Tells what a snapshot does not hold, and what leads nowhere in it. Pure. */
import path from 'node:path';
import { sayBytes } from '../../electron/text/say.ts';
import { OWN_RULE } from './ignore-rules.ts';
import type { TreeListing } from './walk-tree.ts';

const NAMED = 5;
/** Hidden directories and environments: often the largest, and no data that a run reads. */
const NO_DATA = /(^|\/)(\..*|venv|env|node_modules|__pycache__)\/?$/;

/** @returns sentences for the user; none when nothing was left out */
export function noteLeftOut({
  entries,
  special,
  leftOut,
  moreLeftOut,
  ownLeftOut,
}: Pick<TreeListing, 'entries' | 'special' | 'leftOut' | 'moreLeftOut' | 'ownLeftOut'>): string[] {
  const notes: string[] = [];
  // A copy lies elsewhere; a link within it, or to an absolute path, means the same there.
  const leading = entries.flatMap((entry) =>
    entry.kind === 'link' && leadsOut(entry.path, entry.target) ? [`${entry.path} (to ${entry.target})`] : [],
  );
  if (leading.length > 0)
    notes.push(
      `Links that lead out of the directory and will lead nowhere in the copy: ${list(leading)}. Make them absolute, or mount what they lead to.`,
    );
  const sizeOf = new Map(leftOut.map((one) => [one.path, ` (${saySize(one)})`]));
  const byRule = leftOut.filter((one) => one.rule !== OWN_RULE);
  const more = Math.max(0, byRule.length - NAMED) + moreLeftOut;
  if (byRule.length > 0) {
    const told = byRule.slice(0, NAMED).map((one) => `${one.path} (${saySize(one)}, ${one.rule})`);
    const data = byRule.find((one) => !NO_DATA.test(one.path))?.path.replace(/\/$/, '');
    notes.push(
      `Left out by rule: ${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}. The run does not find them in its copy` +
        `${data === undefined ? '' : `; "--link ${data}" shows ${data} there`}.`,
    );
  }
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

/** @returns whether a relative link leads above the directory it is listed in; as text, links on the way are not followed */
function leadsOut(at: string, target: string): boolean {
  if (path.posix.isAbsolute(target)) return false;
  const to = path.posix.normalize(path.posix.join(path.posix.dirname(at), target));
  return to === '..' || to.startsWith('../');
}

const saySize = ({ bytes, isMore }: { readonly bytes: number; readonly isMore: boolean }): string =>
  `${isMore ? 'more than ' : ''}${sayBytes(bytes)}`;

const list = (paths: readonly string[]): string =>
  `${paths.slice(0, NAMED).join(', ')}${paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ''}`;
