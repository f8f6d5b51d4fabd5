/** How an engine is started. */
import type { PoolTarget } from '../contract/targets.ts';
import type { RuntimeKind } from '../contract/states.ts';
import type { Clock } from '../ports/clock.ts';
import type { EngineStartOptions } from '../ports/engine-api.ts';
import type { GpuProbe } from '../ports/gpu-probe.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { Provider } from '../ports/provider.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';

export interface EngineOptions extends EngineStartOptions {
  /** Replacements for tests and demonstrations. */
  readonly clock?: Clock;
  /** Who has the machines of a pool elsewhere. */
  readonly openProvider?: (target: PoolTarget) => Promise<Provider>;
  readonly runtimes?: ReadonlyMap<RuntimeKind, TrialRuntime>;
  readonly gpuProbe?: GpuProbe;
  readonly hostProbe?: HostProbe;
}
