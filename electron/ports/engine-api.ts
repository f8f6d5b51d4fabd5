/** The engine as its entries and doors see it. */
import type { FeedFrames } from '../contract/feed.ts';
import type { DataPaths } from './data-dir.ts';

export type FeedFrame = {
  [K in keyof FeedFrames]: { readonly event: K; readonly data: FeedFrames[K] };
}[keyof FeedFrames];

export interface Engine {
  readonly paths: DataPaths;
  /** The whole API under /api/v1. Callers authenticate before they call it: every door is responsible for its own guests. */
  fetch(request: Request): Promise<Response>;
  /** Serves only what a trial may do (report metrics, progress, checkpoints) and checks the per-trial bearer token itself. */
  trialFetch(request: Request): Promise<Response>;
  /** Live feed for in-process listeners (tray, notifications). Returns the unsubscribe function. */
  subscribe(listener: (frame: FeedFrame) => void): () => void;
  /** Number of trials that are starting, running or stopping. */
  activeCount(): number;
  /** Settles when the engine was asked to stop (POST /engine/shutdown). */
  readonly stopRequested: Promise<void>;
  /** Stops scheduling and watching; running trials go on. Releases the lock. Idempotent; what cannot be closed is logged. */
  close(): Promise<void>;
}

/** An orderly end takes no longer; after it the entries end the process by force. What was acknowledged is on the disk by then. */
export const ORDERLY_END_MS = 10_000;

/** What the entries know when they start an engine. */
export interface EngineStartOptions {
  readonly dataDir: string;
  readonly shell: 'desktop' | 'headless';
  readonly version: string;
  readonly dockerHost?: string;
  readonly nvidiaSmi?: string;
  /** Where examples and the Python helper are; default: the resources beside the program. */
  readonly resourcesDir?: string;
}
