/**
 * The description of a trial: everything that was decided at submit and never changes after. Stored with the row, contained in what a
 * submit resolves to, and taken apart by whoever needs a part of it: the scheduler its ask and terms, a launch the rest. Types only.
 */
import type { NamedRuntime } from '../contract/states.ts';
import type { SlotAsk } from '../contract/trials.ts';
import type { ImagePart, LaunchMount, LaunchSpec } from '../ports/trial-runtime.ts';

/** What was asked for of a runtime. Which one it becomes is decided when an attempt starts (queue/choose-runtime.ts). */
export interface WantedRuntime {
  /** null = whatever fits the pool and the image. */
  readonly runtime: NamedRuntime | null;
  /** null = none named. */
  readonly image: string | null;
}

/** How a trial stands among the others of its pool. */
export interface QueueTerms {
  readonly preemptible: boolean;
  /** Weight of its experiment in a fair share. */
  readonly weight: number;
  /** Most slots its experiment may hold at once; null = no cap. */
  readonly maxSlots: number | null;
}

/** A file or directory that a working copy shows and does not hold. */
export interface TrialLink {
  /** Absolute. */
  readonly hostPath: string;
  /** Relative to the working directory, with slashes; inside of it. */
  readonly at: string;
  /** Enforced in containers. */
  readonly readOnly: boolean;
}

/** What a trial changes in a parameter file of its working copy. */
export interface ParameterChange {
  /** Relative to the working directory. */
  readonly file: string;
  /** In the grammar of -S, one value each, in their order. */
  readonly set: readonly string[];
}

/** A checkpoint of another trial that a trial begins with. */
export interface StartPoint {
  readonly trialId: number;
  /** Its directory's name. */
  readonly checkpoint: string;
}

export interface TrialSpec extends WantedRuntime {
  readonly argv: readonly string[];
  /** What of the image stays; missing = nothing. */
  readonly ofImage?: readonly ImagePart[];
  /** The entrypoint as a person would type it; for display. */
  readonly command: string;
  readonly ask: Readonly<SlotAsk>;
  readonly terms: QueueTerms;
  readonly limits: LaunchSpec['limits'];
  /** Asked for by the user; without a container there are none. */
  readonly mounts: readonly Omit<LaunchMount, 'role'>[];
  /** What of the original its working copy shows; missing = nothing. */
  readonly links?: readonly TrialLink[];
  /** What its working copy has other than the snapshot; missing = nothing. */
  readonly params?: readonly ParameterChange[];
  /** Its name in the sweep it belongs to, t1 and on; missing = it stands alone. */
  readonly inSweep?: string;
  /** Missing = it begins at the beginning. */
  readonly startFrom?: StartPoint;
  readonly graceS: number;
  readonly timeLimitS: number | null;
  readonly maxRestarts: number;
  /** So many of its newest checkpoints are kept; absent = as the setting says. */
  readonly keepCheckpoints?: number;
  /** The user's own word on how long it takes. */
  readonly estimatedMs: number | null;
}
