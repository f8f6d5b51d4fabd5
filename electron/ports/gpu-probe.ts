/** The port to the GPUs of this machine; native/gpu reads nvidia-smi behind it. */
import type { Gpu } from '../contract/gpus.ts';
import type { DoctorCheck } from '../contract/settings.ts';

/** One reading of the GPUs. A fault of the whole reading is in `problem`; faults of one GPU are in its `health`. */
export interface GpuReading {
  readonly source: 'nvidia-smi' | 'none';
  readonly takenAtMs: number;
  readonly problem: string | null;
  readonly driverVersion: string | null;
  readonly gpus: readonly Gpu[];
}

export interface GpuProbe {
  /**
   * Never rejects: faults are in the reading. Resolves within about 10 s even if nvidia-smi hangs.
   * @param fresh true: nothing in it is older than the call; otherwise what is costly to read may be some seconds old
   */
  read(fresh?: boolean): Promise<GpuReading>;
  diagnose(): Promise<readonly DoctorCheck[]>;
}
