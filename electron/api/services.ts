/** What the routes call. The engine's composition root builds it; the API holds no logic of its own. */
import type { SubmitBody, SubmitResult } from '../contract/config.ts';
import type { ForecastEntry, StateSnapshot } from '../contract/feed.ts';
import type { GpuStatus } from '../contract/gpus.ts';
import type { Pool, PoolSettings } from '../contract/pools.ts';
import type { DoctorCheck, Settings } from '../contract/settings.ts';
import type {
  LogInfo,
  MetricSeries,
  MoveTo,
  Trial,
  TrialAction,
  TrialActionResult,
  TrialDetail,
} from '../contract/trials.ts';
import type { FeedFrame } from '../ports/engine-api.ts';
import type { TrialFilter } from '../store/trials.ts';

export interface Services {
  readonly version: string;
  state(): Promise<StateSnapshot>;
  subscribe(listener: (frame: FeedFrame) => void): () => void;
  /** The frames a client that last saw `seq` needs before it can follow; a lone resync frame when it was away too long. */
  catchUp(seq: number | null): FeedFrame[];
  seq(): number;
  listTrials(filter: TrialFilter): { trials: Trial[]; total: number };
  trialDetail(id: number): Promise<TrialDetail>;
  submit(body: SubmitBody): Promise<SubmitResult>;
  duplicate(id: number, config: Readonly<Record<string, unknown>>, paused: boolean): Promise<SubmitResult>;
  act(action: TrialAction): Promise<TrialActionResult>;
  undo(id: number): TrialActionResult;
  deletePreview(ids: readonly number[]): Promise<{ freesBytes: number; checkpoints: number; trials: number }>;
  /** @param poolId another pool: the trials go to the end of its line, whatever `to` says */
  movePreview(
    ids: readonly number[],
    to: MoveTo,
    poolId?: string,
  ): { before: ForecastEntry[]; after: ForecastEntry[]; priority: number | null };
  metrics(id: number, names: readonly string[] | null, maxPoints: number): Promise<MetricSeries[]>;
  /** Path of the log file, and a signal that fires when its attempt has ended and the last byte is in the file. @throws not_found */
  log(id: number, attempt: number): { readonly path: string; readonly ended: AbortSignal };
  logInfo(id: number, attempt: number): Promise<LogInfo>;
  pools(): Pool[];
  createPool(body: {
    id?: string | undefined;
    name: string;
    gpuUuids: readonly string[];
    settings: Partial<PoolSettings>;
  }): Pool;
  updatePool(
    id: string,
    body: {
      name?: string | undefined;
      gpuUuids?: readonly string[] | undefined;
      settings?: Partial<PoolSettings> | undefined;
      expectedRevision?: number | undefined;
    },
  ): Pool;
  deletePool(id: string): void;
  actOnPool(id: string, action: 'pause' | 'resume' | 'drain'): Pool;
  gpus(): GpuStatus;
  updateSlot(uuid: string, body: { keptBack?: boolean | undefined; poolId?: string | undefined }): GpuStatus;
  doctor(): Promise<DoctorCheck[]>;
  settings(): Settings;
  updateSettings(edit: Partial<Settings>): Settings;
  examples(): Promise<{ id: string; title: string; description: string }[]>;
  runExample(id: string): Promise<SubmitResult>;
  requestStop(): void;
  /** Logs an unexpected error. @returns the id under which it can be found */
  reportBug(error: unknown, where: string): string;
}
