/** The port to the machine's own figures: load, memory, disk, boot. */
import type { GpuProcess, HostReading } from '../contract/gpus.ts';
import type { DoctorCheck } from '../contract/settings.ts';

export type ProcessOwner = NonNullable<GpuProcess['owner']>;

export interface HostProbe {
  read(): Promise<HostReading>;
  /** Space for this user on the file system that holds `path`; null when unknown. */
  disk(path: string): Promise<{ readonly freeMiB: number; readonly totalMiB: number } | null>;
  /** @returns pid -> whose process it is, and since when it runs; those that are gone or hidden are missing */
  processOwners(pids: readonly number[]): Promise<ReadonlyMap<number, ProcessOwner>>;
  /** Changes with every boot; null when unknown. */
  bootId(): Promise<string | null>;
  diagnose(dataDir: string): Promise<readonly DoctorCheck[]>;
}
