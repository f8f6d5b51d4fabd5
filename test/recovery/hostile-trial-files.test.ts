/**
 * A trial is the user's own process and may do what it likes to its files: take their permissions away, remove them, put links and pipes
 * in their place. That is its own fault and nobody else's: the engine lives, answers, and the trial ends. Run by an ordinary user,
 * because root reads everything.
 */
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { waitUntil } from '../support/processes.ts';
import { openYard, type Yard } from '../support/yard.ts';

/** Root runs the engine as nobody, who must be able to read this checkout. */
const asOther = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;
const canRun =
  asOther === null ||
  (spawnSync('test', ['-r', path.resolve('electron/serve.ts')], asOther).status === 0 &&
    spawnSync(process.execPath, ['--version'], asOther).status === 0);

/** As seen from the directory of the attempt. */
const TARGETS =
  'state/claim state log exchange/reports.jsonl exchange . .. ../../checkpoints ../../output ../../work ../..'.split(
    ' ',
  );
const WAYS: Readonly<Record<string, string>> = {
  unreadable: 'chmod 000 "$t"',
  missing: 'mv "$t" "$t.gone"',
  link: 'mv "$t" "$t.gone"; ln -s / "$t"',
  pipe: 'mv "$t" "$t.gone"; mkfifo "$t"',
};

async function open(): Promise<Yard> {
  const yard = await openYard(asOther === null ? {} : { user: asOther });
  await yard.engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 12 } });
  return yard;
}

/** A program that does this to its file, says so outside of its directory, and ends when it is told to. */
function spoil(yard: Yard, target: string, way: string, name: string): string {
  const shared = path.join(yard.dir, 'shared');
  return `cd "$(dirname "$SWITCHYARD_REPORT_FILE")/.." || exit 9
echo hello; echo '{"t":"progress","value":0.5}' >>exchange/reports.jsonl
t="$PWD/${target}"; t=$(cd "$(dirname "$t")" && pwd)/$(basename "$t")
case "${target}" in .|..|../..) t=$(cd "${target}" && pwd);; esac
cd /; ${WAYS[way] ?? ''}
: >${shared}/${name}.done; while [ ! -e ${shared}/go ]; do sleep 0.05; done; exit 3`;
}

async function allDone(yard: Yard, ids: readonly number[]): Promise<void> {
  await yard.engine.waitFor(
    'every trial has ended',
    ({ trials }) => ids.every((id) => trials.get(id)?.state === 'done') || undefined,
    60_000,
  );
}

describe.skipIf(process.platform !== 'linux' || !canRun)(
  'a trial that spoils its own files (as an ordinary user)',
  () => {
    test.each(Object.keys(WAYS))(
      '%s: the engine lives, each trial ends, and everything can be deleted',
      { timeout: 180_000 },
      async (way) => {
        const yard = await open();
        const shared = path.join(yard.dir, 'shared');
        mkdirSync(shared);
        if (asOther !== null) chownSync(shared, asOther.uid, asOther.gid);
        for (const adopted of [false, true]) {
          const { pid } = yard.engine;
          const ids: number[] = [];
          for (const target of TARGETS) {
            const name = `${ids.length}-${String(adopted)}`;
            ids.push(await yard.submit({ entrypoint: spoil(yard, target, way, name), name: `${way} ${target}` }));
            await waitUntil(
              `${target} is ${way}`,
              async () => existsSync(path.join(shared, `${name}.done`)) || (await isDone(yard, ids.at(-1) ?? 0)),
            );
          }
          if (adopted) {
            await yard.engine.kill9();
            await yard.engine.restart();
          }
          writeFileSync(path.join(shared, 'go'), '');
          await allDone(yard, ids);
          for (const id of ids) {
            const { trial } = await yard.engine.api.trial(id);
            expect(trial.outcome?.kind, `${trial.name}: ${trial.outcome?.message ?? ''}`).toBe('failed');
            await yard.engine.api.log(id, 1).catch(() => '');
          }
          if (!adopted) expect(yard.engine.pid).toBe(pid);
          expect(yard.engine.isAlive).toBe(true);
          await yard.engine.api.act({ action: 'delete', trialIds: ids });
          await waitUntil('their directories are gone', () =>
            readdirSync(path.join(yard.engine.dataDir, 'trials')).every((entry) => !/^\d+$/.test(entry)),
          );
          spawnSync('rm', [path.join(shared, 'go')]);
        }
      },
    );

    test('what stands where its next attempt writes holds nobody up', { timeout: 60_000 }, async () => {
      const yard = await open();
      const traps = [
        ...['log', 'state/claim', 'exchange/hparams.json', 'exchange/reports.jsonl', 'exchange/stop'].map(
          (file) => `mkfifo "$next/${file}"`,
        ),
        'rm -rf "$next"; mkfifo "$next"',
        'rm -rf "$next"; ln -s / "$next"',
      ];
      for (const trap of traps) {
        const id = await yard.submit({
          entrypoint: `[ "$SWITCHYARD_ATTEMPT" = 2 ] && exit 0
next="$(dirname "$SWITCHYARD_REPORT_FILE")/../../2"; mkdir -p "$next/state" "$next/exchange"; ${trap}; exit 5`,
        });
        expect(await yard.outcomeOf(id)).toMatchObject({ exitCode: 5 });
        await yard.engine.api.act({ action: 'retry', trialIds: [id], mode: 'attempt' });
        await yard.engine.waitFor(`#${id} had its second attempt`, ({ trials }) => {
          const trial = trials.get(id);
          return trial?.state === 'done' && trial.attempt === 2;
        });
      }
      // Whatever became of those: nothing in the engine waits for a pipe.
      const ok = await yard.submit({ entrypoint: 'echo fine' });
      expect(await yard.outcomeOf(ok)).toMatchObject({ kind: 'completed' });
      expect(await yard.engine.api.log(ok, 1)).toBe('fine\n');
    });
  },
);

async function isDone(yard: Yard, id: number): Promise<boolean> {
  return (await yard.engine.api.trial(id)).trial.state === 'done';
}
