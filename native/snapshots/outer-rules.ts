/**
 * The ignore rules that a directory inherits: those of the git repository it is a part of, from its exclude file and from the ignore
 * files of the directories between its top and the directory itself.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { findGitDirs, findGitRoot } from './git-places.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import { IGNORE_FILES, ROOT_RULES, withOuterRules } from './ignore-rules.ts';

/**
 * @param readRules reads an ignore file; '' for one that is not there
 * @returns our own rules and the inherited ones; those in the directory itself come on top
 */
export async function readOuterRules(
  sourceDir: string,
  readRules: (file: string) => Promise<string>,
): Promise<IgnoreRules> {
  const dir = await realpath(sourceDir);
  const root = await findGitRoot(dir);
  if (root === null) return ROOT_RULES;
  const slashed = (from: string, to: string): string => path.relative(from, to).split(path.sep).join('/');
  const up = (from: string): string => slashed(dir, from);
  const names = slashed(root, dir).split('/');
  const above = root === dir ? [] : names.map((_, depth) => path.join(root, ...names.slice(0, depth)));
  const git = await findGitDirs(root).catch(() => null);
  let rules = ROOT_RULES;
  const add = async (place: string, file: string): Promise<void> => {
    const text = await readRules(file).catch(() => '');
    if (text !== '') rules = withOuterRules(rules, slashed(place, dir), up(file), text);
  };
  if (git !== null) await add(root, path.join(git.commonDir, 'info', 'exclude'));
  for (const place of above) for (const name of IGNORE_FILES) await add(place, path.join(place, name));
  return rules;
}
