/**
 * The port to frozen copies of directories. Implemented in native/git and native/copies; one conformance suite runs on both.
 *
 * A snapshot is named by its content: equal directories have equal ids, and what is under an id never changes. The user's directory
 * is only read. An id says by its length which adapter made it, so a data directory may hold snapshots of both.
 */
import type { TreeComparison, SnapshotInfo } from '../contract/snapshots.ts';
import type { DoctorCheck } from '../contract/settings.ts';

export interface TakeRequest {
  /** Absolute. */
  readonly sourceDir: string;
  /** Sum of the file sizes. */
  readonly limitBytes: number;
  /** Paths that the trial sees without a copy, relative to the directory: no part of the snapshot. */
  readonly without?: readonly string[];
}

export interface TakenSnapshot {
  /** Hexadecimal. */
  readonly id: string;
  readonly info: SnapshotInfo;
  /** For the user: what was left out, with its size and rule. */
  readonly notes: readonly string[];
  /** Whether the snapshot has this path, which is relative to its root. */
  has(path: string): boolean;
  /**
   * Until it is called, `remove` refuses to take this snapshot away. Call it when an experiment names the snapshot, or when none will.
   */
  release(): void;
}

/** What `verify` found. `missing` and `damaged` cannot be run; the sentence says what is wrong. */
export type SnapshotState =
  { readonly kind: 'whole' } | { readonly kind: 'missing' | 'damaged'; readonly problem: string };

/** One side of a comparison: a snapshot, or what a directory holds now that a snapshot of it would hold. */
export type TreeRef =
  | { readonly kind: 'snapshot'; readonly id: string }
  | { readonly kind: 'directory'; readonly path: string; readonly without?: readonly string[] };

/** What a directory holds that a snapshot does not: files that are new, or other than they were taken. */
export interface Beyond {
  readonly files: number;
  /** On the disk. */
  readonly bytes: number;
  /** A few of them, relative to the directory. */
  readonly examples: readonly string[];
}

export interface Snapshots {
  /** @throws SwitchyardError directory_relative, directory_missing, directory_unreadable, snapshot_refused when a directory cannot be the source of a trial */
  checkSource(sourceDir: string): Promise<void>;
  /**
   * Freezes a directory, less what its ignore files name. When it resolves, the snapshot outlives a power cut.
   * @throws SwitchyardError as checkSource; snapshot_too_large, disk_full
   */
  take(request: TakeRequest): Promise<TakenSnapshot>;
  /**
   * Makes the writable copy a trial works in; shares nothing with the snapshot. What is written is what was taken, or it throws.
   * @param workDir must not exist; its parent must. After an error it may be there in part
   * @throws SwitchyardError snapshot_missing, snapshot_damaged; the file system's errors otherwise
   */
  materialize(id: string, workDir: string): Promise<void>;
  /** The ids of all that are kept. */
  list(): Promise<readonly string[]>;
  /** Reads all of a snapshot back. */
  verify(id: string): Promise<SnapshotState>;
  /**
   * What would be lost with a copy that `materialize` made and a program worked in: ignore files have no say here, only what Python
   * compiled does not count. What the copy lacks is no loss.
   * @param id null: the program began with an empty directory
   * @throws SwitchyardError as materialize; the file system's error where something cannot be read
   */
  beyond(id: string | null, workDir: string): Promise<Beyond>;
  /** What changed between two trees. Bounded in size: what is left out is counted. @throws SwitchyardError as materialize and take do */
  compare(before: TreeRef, after: TreeRef): Promise<TreeComparison>;
  /**
   * Forgets a snapshot; no error when it is gone already. The caller has just seen that no experiment names it.
   * @throws Error when it was taken and is not released yet: it is about to be named
   */
  remove(id: string): Promise<void>;
  /** Gives back the room of what was removed and clears up after a crash. Runs beside everything else; never rejects. */
  tidy(): Promise<void>;
  diagnose(): Promise<readonly DoctorCheck[]>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}
