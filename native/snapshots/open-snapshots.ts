/**
 * The snapshots of a data directory. New ones are kept with git where there is a usable one, as plain copies elsewhere; each that is
 * there already is read by the adapter that made it, which its id tells. Where the store of git cannot be read back or git fails, a
 * submit falls back to a plain copy and says so: nothing is refused for it.
 */
import path from 'node:path';
import { SwitchyardError } from '../../electron/contract/errors.ts';
import type { Snapshots, TakenSnapshot, TakeRequest } from '../../electron/ports/snapshots.ts';
import { createCopies } from '../copies/copies.ts';
import { findGit, MINIMUM_GIT, type FoundGit } from '../git/find-git.ts';
import { createGitSnapshots, type GitSnapshots } from '../git/git-snapshots.ts';
import { GitError } from '../git/run-git.ts';
import { findBeyond } from './beyond.ts';
import { createCompare, type OpenTree } from './compare-refs.ts';
import { explainUnwritable } from './file-errors.ts';

export interface SnapshotsOptions {
  /** Where they are kept. */
  readonly snapshotsDir: string;
  /** The engine's data, which is never part of a snapshot. */
  readonly dataDir: string;
  /** What goes wrong in the background. */
  readonly onError?: (text: string, error: unknown) => void;
  /** Whether there is a git; asked once, when it is first needed. */
  readonly findGit?: () => Promise<FoundGit>;
}

const TREE_OF_GIT = /^[0-9a-f]{40}$/;

export function openSnapshots(options: SnapshotsOptions): Snapshots {
  const { snapshotsDir, dataDir } = options;
  const onError = options.onError ?? (() => undefined);
  const copies = createCopies({ snapshotsDir, dataDir });
  const git = createGitSnapshots({ dir: path.join(snapshotsDir, 'git'), dataDir, onError });
  let found: Promise<FoundGit> | null = null;
  const askGit = (): Promise<FoundGit> => (found ??= (options.findGit ?? findGit)());
  let isGitUsed = false;

  async function withGit(): Promise<GitSnapshots> {
    const { problem } = await askGit();
    if (problem === null) return git;
    throw new SwitchyardError('snapshot_missing', `This snapshot is kept with git, and ${problem} here.`, {
      remedy: `Install git ${MINIMUM_GIT} or newer and start Switchyard again.`,
    });
  }
  const adapterOf = async (id: string): Promise<Snapshots & OpenTree> => {
    if (!TREE_OF_GIT.test(id)) return copies;
    isGitUsed = true;
    return withGit();
  };

  async function take(request: TakeRequest): Promise<TakenSnapshot> {
    if ((await askGit()).problem !== null) return copies.take(request);
    isGitUsed = true;
    try {
      return await git.take(request);
    } catch (error) {
      const isStoreAtFault =
        error instanceof GitError || (error instanceof SwitchyardError && error.code === 'snapshot_damaged');
      if (!isStoreAtFault) throw error;
      onError('a snapshot could not be kept with git, so a plain copy was taken', error);
      const taken = await copies.take(request);
      return {
        ...taken,
        notes: [...taken.notes, 'Kept as a plain copy: the store of snapshots has a fault (doctor).'],
      };
    }
  }

  return {
    checkSource: (sourceDir) => copies.checkSource(sourceDir),
    take: (request) =>
      take(request).catch(async (error: unknown) => {
        throw await explainUnwritable(error, snapshotsDir);
      }),
    materialize: async (id, workDir) => (await adapterOf(id)).materialize(id, workDir),
    list: async () => [...(await copies.list()), ...((await askGit()).problem === null ? await git.list() : [])],
    verify: async (id) => (await adapterOf(id)).verify(id),
    beyond: async (id, workDir) =>
      id === null ? findBeyond(new Map(), workDir) : (await adapterOf(id)).beyond(id, workDir),
    compare: createCompare(async (id) => (await adapterOf(id)).openTree(id), dataDir),
    remove: async (id) => (await adapterOf(id)).remove(id),
    async tidy() {
      await copies.tidy();
      if ((await askGit()).problem === null) await git.tidy();
    },
    async diagnose() {
      const { problem, version } = await askGit();
      if (problem === null)
        return (await git.diagnose()).map((check) => ({ ...check, found: `${check.found} (git ${version})` }));
      return [
        {
          id: 'snapshots',
          title: 'Snapshots',
          status: 'warning',
          found: `Plain copies, because ${problem}: every submit of a changed directory costs a full copy.`,
          remedy: `Install git ${MINIMUM_GIT} or newer and start Switchyard again.`,
        },
      ];
    },
    async close() {
      await copies.close();
      if (isGitUsed || found !== null) await git.close();
    },
  };
}
