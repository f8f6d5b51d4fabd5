/** Comparing by reference: snapshots of any adapter, and directories as they are now. */
import type { TreeComparison } from '../../electron/contract/snapshots.ts';
import type { TreeRef } from '../../electron/ports/snapshots.ts';
import { compareTrees } from './compare-trees.ts';
import { checkSource } from './file-errors.ts';
import { readableFiles, type ReadableTree } from './readable-tree.ts';
import { walkTree } from './walk-tree.ts';

/** A directory that grew far beyond what can be submitted is not read through. */
const MAX_DIRECTORY_BYTES = 1024 ** 3;

/** What an adapter offers beside the port, so that one of its snapshots can be compared with one of another adapter. */
export interface OpenTree {
  /** @throws SwitchyardError snapshot_missing, snapshot_damaged */
  openTree(id: string): Promise<ReadableTree>;
}

export function createCompare(
  openTree: OpenTree['openTree'],
  dataDir: string,
): (before: TreeRef, after: TreeRef) => Promise<TreeComparison> {
  const open = async (ref: TreeRef): Promise<ReadableTree> => {
    if (ref.kind === 'snapshot') return openTree(ref.id);
    const dir = await checkSource(ref.path, dataDir);
    return readableFiles(dir, (await walkTree(dir, MAX_DIRECTORY_BYTES, dataDir, ref.without)).entries);
  };
  return async (before, after) => compareTrees(await open(before), await open(after));
}
