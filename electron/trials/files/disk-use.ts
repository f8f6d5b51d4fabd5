/** Measures what the data directory takes, by kind and by trial. Reads names and sizes only, in small turns. */
import path from 'node:path';
import type { DiskKind } from '../../contract/disk.ts';
import { bytesOf, namesIn } from './directory-bytes.ts';

export interface TrialUse {
  readonly trialId: number;
  readonly bytes: number;
  readonly workBytes: number;
  readonly checkpointBytes: number;
  readonly outputBytes: number;
  readonly logBytes: number;
}

export interface MeasuredDisk {
  readonly kinds: Readonly<Record<DiskKind, number>>;
  /** Of the directories below trials/, whoever knows them. */
  readonly trials: readonly TrialUse[];
}

/** Names in the directory of a trial; what is not here is an engine's note about one of them. */
const KIND_IN_TRIAL: Readonly<Record<string, DiskKind>> = {
  work: 'work',
  'work.draft': 'work',
  'work.freed': 'work',
  checkpoints: 'checkpoints',
  output: 'outputs',
  attempts: 'logs',
};

/** What stands in the data directory itself. */
function kindOf(name: string): DiskKind {
  if (name === 'snapshots' || name === 'leftovers') return name;
  if (name.startsWith('switchyard.db') || name.startsWith('owner.db')) return 'database';
  return name.startsWith('engine.log') || name === 'background.log' ? 'logs' : 'other';
}

export async function measureDisk(dataDir: string, trialsDir: string): Promise<MeasuredDisk> {
  const kinds: Record<DiskKind, number> = {
    work: 0,
    checkpoints: 0,
    outputs: 0,
    logs: 0,
    snapshots: 0,
    database: 0,
    leftovers: 0,
    other: 0,
  };
  const trials: TrialUse[] = [];
  for (const name of await namesIn(dataDir)) {
    const file = path.join(dataDir, name);
    if (file !== trialsDir) kinds[kindOf(name)] += await bytesOf(file);
  }
  for (const name of await namesIn(trialsDir)) {
    const use = await measureTrial(path.join(trialsDir, name));
    for (const [kind, bytes] of use) kinds[kind] += bytes;
    if (!/^[1-9]\d{0,14}$/.test(name)) continue;
    const of = (kind: DiskKind): number => use.get(kind) ?? 0;
    trials.push({
      trialId: Number(name),
      bytes: [...use.values()].reduce((sum, bytes) => sum + bytes, 0),
      workBytes: of('work'),
      checkpointBytes: of('checkpoints'),
      outputBytes: of('outputs'),
      logBytes: of('logs'),
    });
  }
  return { kinds, trials };
}

async function measureTrial(dir: string): Promise<ReadonlyMap<DiskKind, number>> {
  const use = new Map<DiskKind, number>();
  for (const name of await namesIn(dir)) {
    const kind = KIND_IN_TRIAL[name] ?? 'other';
    use.set(kind, (use.get(kind) ?? 0) + (await bytesOf(path.join(dir, name))));
  }
  return use;
}
