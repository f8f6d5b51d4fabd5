/** A command line and an engine of two versions understand most of each other: said once for each start of the engine. */
import { readOwnerVersion } from '../client/find-engine.ts';
import type { DataPaths } from '../ports/data-dir.ts';
import { sayOtherVersion } from '../text/other-version.ts';
import { plain } from './table.ts';
import type { Terminal } from './terminal.ts';
import { tellOnce } from './told.ts';

const REMEMBERED_MS = 30 * 24 * 3_600_000;

/** @param own version of this command line */
export function tellVersions(paths: Pick<DataPaths, 'dir' | 'lock'>, own: string, terminal: Terminal): void {
  const owner = readOwnerVersion(paths.lock);
  if (owner === null || owner.version === own) return;
  const key = `version ${own} ${owner.version} ${owner.startedAtMs}`;
  if (tellOnce(paths.dir, [key], REMEMBERED_MS, Date.now()).length === 0) return;
  const text = sayOtherVersion('the command line', own, plain(owner.version), 'the next command starts it');
  terminal.note(terminal.paintError(text, 'yellow'));
}
