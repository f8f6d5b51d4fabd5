/** The product's own remedy for a damaged database is to move it away. New trials must not run the code of those that were there before. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { StateSnapshot } from '../../electron/contract/feed.ts';
import { openYard, type Yard } from '../support/yard.ts';

async function submit(yard: Yard, text: string): Promise<number> {
  const source = path.join(yard.dir, 'project');
  mkdirSync(source, { recursive: true });
  writeFileSync(path.join(source, 'run.sh'), text);
  const { trialIds } = await yard.engine.api.submit({
    config: { runtime: 'process', entrypoint: 'sh run.sh; cat "$SWITCHYARD_CHECKPOINT_DIR"/*/step; echo end' },
    source: { kind: 'directory', path: source },
  });
  return trialIds[0] ?? 0;
}

test('after the database was moved away, ids go on above what lies there, and it is set aside and named', async () => {
  const yard = await openYard();
  const { dataDir } = yard.engine;
  for (const word of ['old-1', 'old-2'])
    await yard.outcomeOf(
      await submit(
        yard,
        `echo ${word}; mkdir "$SWITCHYARD_CHECKPOINT_DIR"/a; echo 9 >"$SWITCHYARD_CHECKPOINT_DIR"/a/step`,
      ),
    );
  await yard.engine.stop();
  for (const suffix of ['', '-wal', '-shm']) {
    const file = path.join(dataDir, `switchyard.db${suffix}`);
    if (existsSync(file)) renameSync(file, `${file}.away`);
  }
  await yard.engine.restart();
  const { notices } = await yard.engine.api.call<StateSnapshot>('GET', '/state');
  expect(notices.find(({ id }) => id === 'leftovers')?.text).toContain('#1, #2');
  const aside = path.join(dataDir, 'leftovers', '1');
  expect(readFileSync(path.join(aside, '2', 'work', 'run.sh'), 'utf8')).toContain('old-2');
  const id = await submit(yard, 'echo new');
  expect(id).toBe(3);
  await yard.outcomeOf(id);
  expect(await yard.engine.api.log(id, 1)).toMatch(/^new\n(?:cat: .*\n)?end\n$/);
});

test('a first attempt takes nothing that lies under its id, wherever it comes from', async () => {
  const yard = await openYard();
  const { dataDir } = yard.engine;
  const planted = path.join(dataDir, 'trials', '1', 'work');
  mkdirSync(planted, { recursive: true });
  writeFileSync(path.join(planted, 'run.sh'), 'echo planted');
  const id = await submit(yard, 'echo new');
  await yard.outcomeOf(id);
  expect(await yard.engine.api.log(id, 1)).toMatch(/^new\n/);
  expect(readFileSync(path.join(dataDir, 'leftovers', '1', '1', 'work', 'run.sh'), 'utf8')).toBe('echo planted');
});
