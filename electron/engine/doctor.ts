/** The doctor: what was found on this machine and what to do about it, with or without a running engine. */
import os from 'node:os';
import { createDockerRuntime } from '../../native/docker/docker-runtime.ts';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { dataPaths } from '../ports/data-dir.ts';
import { openSnapshots } from '../../native/snapshots/open-snapshots.ts';
import { createHostProbe } from '../../native/host/host-probe.ts';
import type { DoctorCheck } from '../contract/settings.ts';
import { systemClock } from '../../native/host/system-clock.ts';
import type { GpuProbe } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { Snapshots } from '../ports/snapshots.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';

export interface Diagnosable {
  /** Undefined where there is none to ask. */
  readonly docker: Pick<TrialRuntime, 'diagnose'> | undefined;
  readonly gpu: Pick<GpuProbe, 'diagnose'>;
  readonly host: Pick<HostProbe, 'diagnose'>;
  readonly snapshots: Pick<Snapshots, 'diagnose'>;
}

/** Asks every adapter; one that fails to answer is itself a finding. */
export async function diagnose(parts: Diagnosable, dataDir: string): Promise<DoctorCheck[]> {
  const answers = await Promise.all([
    attempt('docker', 'Docker engine', async () => parts.docker?.diagnose() ?? []),
    attempt('gpu', 'GPUs', () => parts.gpu.diagnose()),
    attempt('host', 'This machine', () => parts.host.diagnose(dataDir)),
    attempt('snapshots', 'Snapshots', () => parts.snapshots.diagnose()),
  ]);
  return answers.flat();
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
      options.dataDir,
    );
  } finally {
    await Promise.all([docker.close(), snapshots.close()]);
  }
}
