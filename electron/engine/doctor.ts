/** The doctor: what was found on this machine and what to do about it, with or without a running engine. */
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createDockerRuntime } from '../../native/docker/docker-runtime.ts';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { dataPaths, type DataPaths } from '../ports/data-dir.ts';
import { openSnapshots } from '../../native/snapshots/open-snapshots.ts';
import { createHostProbe } from '../../native/host/host-probe.ts';
import { DISK_KINDS } from '../contract/disk.ts';
import type { DoctorCheck } from '../contract/settings.ts';
import { systemClock } from '../../native/host/system-clock.ts';
import type { GpuProbe } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { Snapshots } from '../ports/snapshots.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';
import { sayDiskUse } from '../text/disk-text.ts';
import { measureDisk } from '../trials/files/disk-use.ts';

/** A doctor does not wait for millions of files. */
const MEASURE_PATIENCE_MS = 5_000;
const WORTH_FREEING_BYTES = 1024 ** 3;

export interface Diagnosable {
  /** Undefined where there is none to ask. */
  readonly docker: Pick<TrialRuntime, 'diagnose'> | undefined;
  readonly gpu: Pick<GpuProbe, 'diagnose'>;
  readonly host: Pick<HostProbe, 'diagnose'>;
  readonly snapshots: Pick<Snapshots, 'diagnose'>;
}

/** Asks every adapter; one that fails to answer is itself a finding. */
export async function diagnose(parts: Diagnosable, paths: Pick<DataPaths, 'dir' | 'trials'>): Promise<DoctorCheck[]> {
  const answers = await Promise.all([
    attempt('docker', 'Docker engine', async () => parts.docker?.diagnose() ?? []),
    attempt('gpu', 'GPUs', () => parts.gpu.diagnose()),
    attempt('host', 'This machine', () => parts.host.diagnose(paths.dir)),
    attempt('room', 'Room taken', () => diagnoseRoom(paths)),
    attempt('snapshots', 'Snapshots', () => parts.snapshots.diagnose()),
  ]);
  return answers.flat();
}

async function diagnoseRoom({ dir, trials }: Pick<DataPaths, 'dir' | 'trials'>): Promise<readonly DoctorCheck[]> {
  const stop = new AbortController();
  const late = delay(MEASURE_PATIENCE_MS, null, { signal: stop.signal, ref: false }).catch(() => null);
  const measured = await Promise.race([measureDisk(dir, trials), late]);
  stop.abort();
  const check = { id: 'room', title: 'Room taken', status: 'info' as const };
  if (measured === null)
    return [{ ...check, found: 'so many files that counting takes longer', remedy: 'See: switchyard disk' }];
  const kinds = DISK_KINDS.map((kind) => ({ kind, bytes: measured.kinds[kind] }));
  const usedBytes = kinds.reduce((sum, { bytes }) => sum + bytes, 0);
  const remedy =
    measured.kinds.work > WORTH_FREEING_BYTES
      ? 'Unchanged working copies of ended trials can be given back: switchyard disk --free work'
      : null;
  return [{ ...check, found: `${sayDiskUse({ usedBytes, kinds })}.`, remedy }];
}

async function attempt(
  id: string,
  title: string,
  ask: () => Promise<readonly DoctorCheck[]>,
): Promise<readonly DoctorCheck[]> {
  try {
    return await ask();
  } catch (error) {
    return [
      {
        id,
        title,
        status: 'error',
        found: `Could not be checked: ${error instanceof Error ? error.message : String(error)}`,
        remedy: null,
      },
    ];
  }
}

/** The doctor without an engine: makes the adapters, asks them, and closes them. */
export async function runDoctor(options: {
  readonly dataDir: string;
  readonly dockerHost?: string | undefined;
}): Promise<DoctorCheck[]> {
  const docker = createDockerRuntime({
    clock: systemClock,
    engineId: 'doctor',
    ...(options.dockerHost === undefined ? {} : { dockerHost: options.dockerHost }),
  });
  const paths = dataPaths(options.dataDir, process.platform, os.tmpdir());
  const snapshots = openSnapshots({ snapshotsDir: paths.snapshots, dataDir: paths.dir });
  try {
    return await diagnose(
      { docker, gpu: createGpuProbe(), host: createHostProbe({ diskPath: options.dataDir }), snapshots },
      paths,
    );
  } finally {
    await Promise.all([docker.close(), snapshots.close()]);
  }
}
