/** The port to a machine that is there already and is reached over the network: what the scheduler reads of it. No I/O here. */
import type { PoolTarget, SshTarget, TargetCheck } from '../contract/targets.ts';
import type { GpuProbe } from './gpu-probe.ts';
import type { HostProbe } from './host-probe.ts';
import type { Provider } from './provider.ts';

export interface FarMachine {
  readonly gpus: GpuProbe;
  readonly host: HostProbe;
  /** @returns pid there -> the attempt it belongs to, of whatever engine; those of others are missing. Rejects when it is not reached. */
  attemptsOf(pids: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Since when it is not reached, and why; null = it is, or nobody has tried. */
  trouble(): { readonly sinceMs: number; readonly text: string; readonly remedy: string | null } | null;
}

/** All machines of this kind; what is said of one place shares one connection. */
export interface FarMachines {
  /** What is there now. Makes and keeps nothing. Never rejects. */
  check(target: SshTarget): Promise<TargetCheck>;
  at(target: SshTarget): FarMachine;
  provider(target: SshTarget): Provider;
  /** Lets go of the connections to places that are in none of these. */
  keepOnly(targets: readonly PoolTarget[]): void;
  close(): void;
}
