/**
 * A power cut at a random instant after acknowledgements: what is on the disk then is all there is. The data directory lies on a disk of
 * its own, which is copied while the engine works; then every copy is put in its place and recovered as after a reboot, with another boot
 * id. Everything that was acknowledged must be there, and run with exactly the files, and the environment, it was submitted with.
 *
 *   SWITCHYARD_POWER_CUTS=50     how many cuts (default 6)
 *   SWITCHYARD_POWER_SEED=1234   repeats the choices of an earlier run
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Trial } from '../../electron/contract/trials.ts';
import { engineLogTail, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { canMountImages, makeImage, mountImage, type LoopDisk } from '../support/loop-disk.ts';
import { listTrialProcesses, waitUntil } from '../support/processes.ts';
import { makeDirectory } from '../support/yard.ts';
import { createRandom } from './random.ts';

const CUTS = Number(process.env['SWITCHYARD_POWER_CUTS'] ?? 6);
const SEED = Number(process.env['SWITCHYARD_POWER_SEED'] ?? Date.now() % 1_000_000);
/** So many cuts happen to one engine, so that later ones find a history. */
const CUTS_A_LIFE = 5;
const IMAGE_MIB = 128;

type Random = ReturnType<typeof createRandom>;
/** A whole number from 0 up to, but without, `limit`. */
const below = (random: Random, limit: number): number => Math.floor(random.between(0, limit));

interface Acknowledged {
  readonly id: number;
  /** What it says when its code, its data and its environment are what was submitted. */
  readonly proof: string;
}

interface Cut {
  readonly image: string;
  readonly acknowledged: readonly Acknowledged[];
}

/** A boot id of our choice: the engine sees another file in place of the kernel's. */
function booted(dir: string, name: string): readonly string[] {
  const file = path.join(dir, `boot-${name}`);
  writeFileSync(file, `${name}\n`);
  const script = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', file];
}

/** A directory whose program says the proof if each of its files is as it was written here. */
function writeProject(dir: string, files: number, sleepS: number): void {
  mkdirSync(path.join(dir, 'data'), { recursive: true });
  const sums: string[] = [];
  for (let n = 0; n < files; n++) {
    const content = randomBytes(200 + n * 9_000);
    writeFileSync(path.join(dir, 'data', `part-${n}`), content);
    sums.push(`${createHash('sha256').update(content).digest('hex')}  data/part-${n}`);
  }
  writeFileSync(path.join(dir, 'sums'), `${sums.join('\n')}\n`);
  writeFileSync(
    path.join(dir, 'run.sh'),
    `test "$(wc -l < sums)" = ${files} || exit 3\nsha256sum --check --quiet sums || exit 4\necho "$PROOF"\nsleep ${sleepS}\n`,
  );
}

function killTrials(dataDir: string): void {
  for (const { pid } of listTrialProcesses(dataDir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** One engine with its disk, cut several times. @returns what each cut left, and what was acknowledged before it */
async function live(dir: string, at: string, cuts: number, random: Random): Promise<Cut[]> {
  const disk = mountImage(makeImage(path.join(dir, 'disk'), IMAGE_MIB), at);
  const dataDir = path.join(at, 'data');
  const engine = await startEngineProcess({ dataDir, through: booted(dir, 'first') });
  const found: Cut[] = [];
  try {
    // The disk is small on purpose.
    await engine.api.call('PATCH', '/settings', { minFreeDiskMiB: 0 });
    await engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 2 } });
    const acknowledged: Acknowledged[] = [];
    const submit = async (): Promise<number> => {
      const project = path.join(dir, `project-${below(random, 3)}`);
      const proof = `proof-${randomBytes(6).toString('hex')}`;
      writeProject(project, 1 + below(random, 12), below(random, 10) / 10);
      const environment = { environment_variables: { PROOF: proof } };
      const { trialIds } = await engine.api.submit({
        config: { entrypoint: 'sh run.sh', runtime: 'process', grace_period_s: 1, environment },
        source: { kind: 'directory', path: project },
      });
      acknowledged.push({ id: trialIds[0] ?? 0, proof });
      return trialIds[0] ?? 0;
    };
    // The first start takes long; from then on trials begin, and end, all the time.
    const first = await submit();
    await waitUntil('one has run', async () => (await engine.api.trial(first)).trial.state === 'done');
    while (found.length < cuts) {
      for (let left = 1 + below(random, 3); left > 0; left--) await submit();
      const before = [...acknowledged];
      // At once, or when some have begun: what those work in is not on the disk for seconds.
      const instantMs = random.pick([0, below(random, 400), below(random, 3_000), below(random, 3_000)]);
      await new Promise((resolve) => {
        setTimeout(resolve, instantMs);
      });
      const image = path.join(dir, `cut-${found.length}`);
      await copyInstant(disk, engine, image);
      found.push({ image, acknowledged: before });
    }
  } finally {
    await engine.dispose();
    killTrials(dataDir);
    disk.unmount();
  }
  return found;
}

/** The engine holds still for the copy, or it would be one of many instants; what it has written is on the disk or it is not. */
async function copyInstant(disk: LoopDisk, engine: EngineProcess, image: string): Promise<void> {
  process.kill(engine.pid, 'SIGSTOP');
  try {
    await waitUntil('a copy of one instant', () => disk.copyTo(`${image}.draft`));
  } finally {
    process.kill(engine.pid, 'SIGCONT');
  }
  renameSync(`${image}.draft`, image);
}

interface Faults {
  readonly lost: string[];
  readonly wrong: string[];
}

/** Puts a copy in the place of the disk and recovers from it. */
async function recover(dir: string, at: string, cut: Cut, name: string, faults: Faults): Promise<void> {
  const disk = mountImage(cut.image, at);
  const dataDir = path.join(at, 'data');
  const say = (what: string): string => `${name}: ${what}`;
  let engine: EngineProcess | null = null;
  try {
    const started = await startEngineProcess({ dataDir, through: booted(dir, name) });
    engine = started;
    const { api } = started;
    const there = new Map((await api.trials()).map((trial) => [trial.id, trial]));
    const present = cut.acknowledged.filter(({ id }) => there.has(id));
    for (const { id } of cut.acknowledged) if (!there.has(id)) faults.lost.push(say(`#${id}`));
    // Those that had ended run once more in what is left of their working copies.
    const ended = present.filter(({ id }) => there.get(id)?.state === 'done').map(({ id }) => id);
    if (ended.length > 0) await api.act({ action: 'retry', mode: 'attempt', trialIds: ended });
    const all = await waitUntil(
      'every trial has ended',
      async () => {
        const trials = new Map<number, Trial>((await api.trials()).map((trial) => [trial.id, trial]));
        return present.every(({ id }) => trials.get(id)?.state === 'done') ? trials : undefined;
      },
      120_000,
    );
    for (const { id, proof } of present) {
      const trial = all.get(id);
      const log = await api.log(id, trial?.attempt ?? 1);
      if (trial?.outcome?.kind !== 'completed' || !log.split('\n').includes(proof))
        faults.wrong.push(say(`#${id} ${trial?.outcome?.message ?? ''}: ${log.slice(0, 300)}`));
    }
    await started.stop();
  } catch (error) {
    process.stdout.write(`${engine?.stderr() ?? ''}\n${engineLogTail(dataDir)}\n`);
    throw error;
  } finally {
    await engine?.dispose();
    killTrials(dataDir);
    disk.unmount();
  }
}

describe.skipIf(!canMountImages())('power cuts (needs root and loop devices)', () => {
  test(
    `${CUTS} cuts: nothing acknowledged is lost, nothing runs with other files`,
    { timeout: (120 + CUTS * 30) * 1000 },
    async () => {
      const random = createRandom(SEED);
      const faults: Faults = { lost: [], wrong: [] };
      let counted = 0;
      onTestFinished(() => {
        process.stdout.write(`power cuts: ${CUTS}, seed ${SEED}; acknowledged submits looked for: ${counted}\n`);
      });
      for (let done = 0; done < CUTS;) {
        const dir = makeDirectory();
        const at = path.join(dir, 'at');
        const cuts = await live(dir, at, Math.min(CUTS_A_LIFE, CUTS - done), random);
        for (const [n, cut] of cuts.entries()) {
          await recover(dir, at, cut, `cut-${done + n}`, faults);
          counted += cut.acknowledged.length;
          rmSync(cut.image);
        }
        done += cuts.length;
      }
      expect(faults).toEqual({ lost: [], wrong: [] });
    },
  );
});
