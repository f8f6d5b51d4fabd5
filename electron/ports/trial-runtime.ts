/** The port to what runs trials. Implemented in native/docker and native/process and by a fake; one conformance suite runs on all. No I/O here. */
import type { DoctorCheck } from '../contract/settings.ts';
import type { RuntimeKind } from '../contract/states.ts';

/** The directories a trial works with; all paths are absolute. */
export interface TrialPlaces {
  /** Its working directory. */
  readonly work: string;
  readonly checkpoints: string;
  readonly output: string;
  /** Reports out; the stop wish and hyperparameters in. */
  readonly exchange: string;
  /** The Python helper; only read. */
  readonly helper: string;
}

/** The same on the host. */
export interface HostPlaces extends TrialPlaces {
  /** `work` is a directory of the user's; else it is a copy of the trial's own, as all the others are. */
  readonly inPlace: boolean;
}

/** How the host's directories appear to a trial. */
export interface TrialLayout {
  readonly places: TrialPlaces;
  /** How paths and lists of paths are written where it runs. */
  readonly paths: { join(...parts: readonly string[]): string; readonly delimiter: string };
  /** What makes them appear there; none where the trial sees the host's own. */
  readonly mounts: LaunchSpec['mounts'];
}

/** `entrypoint`: it gets argv as arguments; `user`, `workdir`: instead of the submitting user and `workDir`. */
export type ImagePart = 'entrypoint' | 'user' | 'workdir';

/** Everything a runtime needs to start one attempt. All paths are absolute. */
export interface LaunchSpec {
  /** Deterministic and unique: "<engineId>-t<trial>-a<attempt>"; only [a-z0-9-]. Container name and ownership key. */
  readonly attemptId: string;
  readonly engineId: string;
  readonly trialId: number;
  readonly attempt: number;
  /** Empty only where the image's own command runs (`ofImage`). */
  readonly argv: readonly string[];
  /** What stays as the image has it; missing = nothing. Ignored by the process runtime. */
  readonly ofImage?: readonly ImagePart[];
  /** Docker image, null = none named; ignored by the process runtime. */
  readonly image: string | null;
  /** Working directory as the trial sees it (a container path for docker). */
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** `env` is all of a shell's environment: a process gets nothing of the engine's own beside it. */
  readonly envIsWhole?: true;
  /** UUIDs of the leased GPUs or MIG instances; empty = the trial must see no GPU. */
  readonly slotUuids: readonly string[];
  /** Bind mounts for containers; ignored by the process runtime. */
  readonly mounts: readonly LaunchMount[];
  readonly limits: { readonly cpus: number | null; readonly memoryMiB: number | null; readonly shmMiB: number };
  /** Raw combined stdout and stderr are appended here. */
  readonly logPath: string;
  /** A private directory of this attempt for the runtime's own files (pid, exit code, log cursor). */
  readonly stateDir: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

export interface LaunchMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  /**
   * `own`: made by Switchyard for this attempt, so it may lie in the data directory; `work`: a directory of the user's as the working
   * directory; `link`: what that shows of the original; missing: a mount of the configuration.
   */
  readonly role?: 'own' | 'work' | 'link';
}

/** What a trial will ask of its runtime, as far as it is known at submit. */
export interface RuntimeWish {
  readonly image: string | null;
  readonly slots: number;
  readonly cpus: number | null;
  readonly memoryMiB: number | null;
  readonly mounts: readonly LaunchMount[];
  /** What its working directory shows of the original: `at` is relative to it. */
  readonly links: readonly { readonly hostPath: string; readonly at: string; readonly readOnly: boolean }[];
  /** The directory it works in when it gets no copy. */
  readonly inPlaceDir: string | null;
}

/** A launch that would surely fail, told at submit. */
export interface WishRefusal {
  readonly code: 'invalid_config' | 'mount_refused' | 'runtime_unavailable';
  /** Where in the configuration, for example "resources.cpus". */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** How the engine names an attempt to a runtime after launch; survives an engine restart (all fields are in the database). */
export interface AttemptHandle {
  readonly attemptId: string;
  /** Container id or process-group id as text; null when the launch never answered. */
  readonly ref: string | null;
  readonly logPath: string;
  readonly stateDir: string;
}

export interface ExitInfo {
  /** null when the program left no exit code (killed together with its supervisor, or lost). */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly oomKilled: boolean;
  /** The machine or the daemon went away underneath: does not count against max_restarts. */
  readonly lost: boolean;
  /** The machine was started again since: an exit code 0 may be the answer to the shutdown's SIGTERM. */
  readonly rebooted?: true;
  readonly endedAtMs: number;
  /** Set where the runtime knows better than the exit code, e.g. no space left for the log. */
  readonly message: string | null;
  /** What to do about it, where that is known. */
  readonly remedy?: string;
}

export type LaunchErrorCode =
  | 'image_missing'
  | 'image_invalid'
  /** It was here when the attempt was planned, and is not any more. */
  | 'image_gone'
  | 'registry_unreachable'
  | 'command_missing'
  | 'no_gpu_runtime'
  | 'gpu_gone'
  | 'disk_full'
  | 'runtime_down'
  | 'mount_failed'
  | 'launch_failed';

/** Who else runs into the same fault: everything on this runtime, everything with GPUs on it, or everything of this image. */
export type LaunchHold = 'runtime' | 'gpus' | 'image';

/**
 * A launch that did not happen. `transient` failures put the trial back in the queue without counting a restart. A fault that `holds`
 * others too is the place's and not the trial's, and so transient.
 */
export class LaunchError extends Error {
  readonly code: LaunchErrorCode;
  readonly remedy: string | null;
  readonly transient: boolean;
  readonly holds: LaunchHold | null;
  constructor(
    code: LaunchErrorCode,
    message: string,
    remedy: string | null,
    transient = false,
    holds: LaunchHold | null = null,
  ) {
    super(message);
    this.name = 'LaunchError';
    this.code = code;
    this.remedy = remedy;
    this.transient = transient || holds !== null;
    this.holds = holds;
  }
}

export interface RuntimeStatus {
  readonly available: boolean;
  readonly version: string | null;
  /** Whether trials with slots can run; null = unknown until tried. */
  readonly gpuSupport: boolean | null;
  readonly problem: string | null;
  readonly remedy: string | null;
}

/** What became of an attempt while nobody watched. `absent` guarantees that it is not running and can never start. */
export type Recovered =
  | { readonly kind: 'running'; readonly ref: string; readonly frozen: boolean }
  | { readonly kind: 'exited'; readonly exit: ExitInfo }
  | { readonly kind: 'absent' };

/** A live subscription to one attempt: log bytes are being appended to `logPath`, `exit` settles once, after the last byte. */
export interface Attachment {
  /** Never rejects. Settles with the exit, after all output is in the log file. */
  readonly exit: Promise<ExitInfo>;
  /** Stops watching without touching the attempt (engine shutdown). Afterwards `exit` never settles. */
  detach(): Promise<void>;
}

/** The images of a runtime that needs one for each trial. */
export interface ImageStore {
  /** @throws when the runtime cannot be asked */
  has(image: string): Promise<boolean>;
  /**
   * Settles when it is here. What is here already is not fetched again.
   * @param onActivity progress for people: "pulling its image (43 % of 1.2 GiB)"
   * @throws LaunchError
   */
  fetch(image: string, onActivity: (text: string) => void, signal: AbortSignal): Promise<void>;
}

/** What a program's name stands for. `path` is absolute; null = nothing, and then `nearby` is a like-named program there is. */
export type FoundProgram =
  { readonly path: string } | { readonly path: null; readonly nearby: string | null; readonly searched: string };

export interface TrialRuntime {
  readonly kind: RuntimeKind;
  /** Where a trial will find directories of the host. Pure. */
  layOut(host: HostPlaces): TrialLayout;
  status(): Promise<RuntimeStatus>;
  /**
   * Looks a program up as a launch will. Missing where only the launch can tell (inside of an image).
   * @param name without a slash
   * @param env the variables asked for by the user, over those the runtime passes on itself
   */
  findProgram?(name: string, env: Readonly<Record<string, string>>): FoundProgram;
  /** What a launch would refuse for sure; null = nothing is known against it. Missing where every wish can be tried. Never rejects. */
  refuse?(wish: RuntimeWish): Promise<WishRefusal | null>;
  /** Missing where trials need no image. */
  readonly images?: ImageStore;
  /** This machine's address as its trials reach it; null = they do not. Missing where trials share its loopback. Never rejects. */
  hostAddress?: () => Promise<string | null>;
  /** Called when availability may have changed (daemon stopped or came back). Returns the unsubscribe function. */
  onStatusChange(listener: () => void): () => void;
  /**
   * Starts the attempt, at most once per attemptId ever: a second call for one that exists returns its ref.
   * Its image has to be here.
   * @param onActivity progress for people, e.g. "waiting for the Docker daemon to come back"
   * @param signal aborts a launch that has not started the program yet
   * @throws LaunchError
   */
  launch(spec: LaunchSpec, onActivity: (text: string) => void, signal: AbortSignal): Promise<{ readonly ref: string }>;
  recover(handle: AttemptHandle): Promise<Recovered>;
  attach(handle: AttemptHandle): Attachment;
  /**
   * SIGTERM to the main process of the program, and to nobody else: a program whose workers are ended under it cannot save any more.
   * Behind a shell that runs it, the program gets it. It goes on when it was frozen. No error when it is already gone.
   * Whether it ends, and when, is the program's; the caller kills it when its time is over.
   */
  terminate(handle: AttemptHandle): Promise<void>;
  /** SIGKILL to everything the attempt started, including children that left its process group. */
  kill(handle: AttemptHandle): Promise<void>;
  /** Called when something of this engine's was frozen or went on, by whomever. Missing where that cannot be noticed. */
  onFreeze?(listener: (attemptId: string) => void): () => void;
  /** Whether it is frozen now; null = it does not run. Missing where `onFreeze` is. */
  isFrozen?(handle: AttemptHandle): Promise<boolean | null>;
  /** What people should know of an attempt that runs, for example that its machine is not reachable; null = nothing any more. */
  onActivity?(listener: (attemptId: string, text: string | null) => void): () => void;
  freeze(handle: AttemptHandle): Promise<void>;
  unfreeze(handle: AttemptHandle): Promise<void>;
  /** Host pids that belong to the attempt; for attributing GPU memory. Empty when unknown. */
  pids(handle: AttemptHandle): Promise<readonly number[]>;
  /** Removes container and runtime files of an ended attempt. Idempotent. */
  remove(handle: AttemptHandle): Promise<void>;
  /** Removes whatever carries this engine's label and is not in `keep` (kills it first). @returns attempt ids removed. */
  sweep(engineId: string, keep: ReadonlySet<string>): Promise<readonly string[]>;
  diagnose(): Promise<readonly DoctorCheck[]>;
  close(): Promise<void>;
}
