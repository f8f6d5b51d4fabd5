/** How an engine is started. */
import type { RuntimeKind } from '../contract/states.ts';
import type { Clock } from '../ports/clock.ts';
import type { EngineStartOptions } from '../ports/engine-api.ts';
import type { FarMachines } from '../ports/far-machine.ts';
import type { GpuProbe } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';

export interface EngineOptions extends EngineStartOptions {
  /** Replacements for tests and demonstrations. */
  readonly clock?: Clock;
  /** The machines that are reached over the network. */
  readonly farMachines?: FarMachines;
  readonly runtimes?: ReadonlyMap<RuntimeKind, TrialRuntime>;
  readonly gpuProbe?: GpuProbe;
  readonly hostProbe?: HostProbe;
}
