/**
 * What of the original a working copy shows: for a process as symbolic links, for a container as empty places that its mounts cover.
 * Nothing outside of the copy is ever touched: the way to a link leads through true directories only.
 */
import { lstat, mkdir, readlink, rm, rmdir, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RuntimeKind } from '../../contract/states.ts';
import { LaunchError } from '../../ports/trial-runtime.ts';
import type { TrialLink } from '../../store/trial-spec.ts';

/**
 * @param isFresh no program ran in this copy yet: what the snapshot has at the place of a link gives way
 * @throws LaunchError mount_failed
 */
export async function showLinks(
  work: string,
  links: readonly TrialLink[],
  runtime: RuntimeKind,
  isFresh: boolean,
): Promise<void> {
  for (const link of links) {
    const original = await stat(link.hostPath).catch(() => null);
    if (original === null)
      throw refuse(
        `${link.hostPath}, which the trial is to see at ${link.at}, is not there any more.`,
        'Bring it back and retry the trial.',
      );
    const place = await makeWay(work, link.at);
    // What a program put there itself is its own.
    if (!(await clearPlace(place, link, isFresh))) continue;
    if (runtime === 'process') await symlink(link.hostPath, place);
    else if (original.isDirectory()) await mkdir(place, { mode: 0o700 });
    else await writeFile(place, '', { mode: 0o600, flag: 'wx' });
  }
}

/** Takes the links off again, as far as they are ours still; a copy without them holds what is the trial's own. */
export async function hideLinks(work: string, links: readonly TrialLink[]): Promise<void> {
  for (const link of links) {
    const place = await makeWay(work, link.at).catch(() => null);
    if (place !== null) await clearPlace(place, link, false);
  }
}

/** @returns the path of the link; the directories above it are there */
async function makeWay(work: string, at: string): Promise<string> {
  const names = at.split('/');
  let dir = work;
  for (const name of names.slice(0, -1)) {
    dir = path.join(dir, name);
    const found = await lookAt(dir);
    if (found === null) await mkdir(dir, { mode: 0o700 });
    else if (!found.isDirectory())
      throw refuse(
        `${at} cannot be shown in the working copy: ${path.relative(work, dir)} is no directory there.`,
        'Link that instead.',
      );
  }
  return path.join(dir, names.at(-1) ?? '');
}

/** @returns whether nothing is in the way; an empty place and our own link give way, anything else only in a fresh copy */
async function clearPlace(place: string, { hostPath }: TrialLink, isFresh: boolean): Promise<boolean> {
  const found = await lookAt(place);
  if (found === null) return true;
  if (isFresh) await rm(place, { recursive: true });
  else if (found.isSymbolicLink() && (await readlink(place)) === hostPath) await unlink(place);
  else if (found.isFile() && found.size === 0) await unlink(place);
  else if (found.isDirectory())
    return rmdir(place).then(
      () => true,
      () => false,
    );
  else return false;
  return true;
}

const lookAt = (file: string): Promise<Awaited<ReturnType<typeof lstat>> | null> => lstat(file).catch(() => null);

const refuse = (message: string, remedy: string): LaunchError => new LaunchError('mount_failed', message, remedy);
