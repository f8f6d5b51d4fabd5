/** What prepares the environment of a trial on a machine elsewhere, read from its pool and from the files of the trial. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PoolTarget } from '../contract/targets.ts';
import type { AgentSpec } from './agent-protocol.ts';
import { chooseEnvironment, ENVIRONMENT_FILES } from './choose-environment.ts';

/**
 * The pool's own command; on a machine that is made for the trial, where the pool names none, what the project's files ask for.
 * @param workDir the trial's working copy here
 * @returns null where nothing is to be done
 */
export async function setupOfTarget(target: PoolTarget, workDir: string): Promise<AgentSpec['setup']> {
  const names = await readdir(workDir).catch((): string[] => []);
  const script =
    target.setup ??
    (target.provider === 'ssh' ? null : chooseEnvironment({ files: new Set(names), active: null }).script);
  if (script === null || script.trim() === '') return null;
  const digest = createHash('sha256').update(script);
  for (const name of ENVIRONMENT_FILES.filter((file) => names.includes(file)))
    digest.update(`\0${name}\0`).update(await readFile(path.join(workDir, name)).catch(() => ''));
  return { script, key: digest.digest('hex') };
}
