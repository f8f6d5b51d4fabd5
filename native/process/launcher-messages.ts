/** What the engine and its launcher process say to each other (launcher.ts, launcher-process.ts). */
import type { SpawnOrder } from './spawn-supervisor.ts';

export interface LaunchRequest {
  readonly id: number;
  readonly order: SpawnOrder;
}

export type LauncherMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'claimed'; readonly id: number; readonly pid: number; readonly claimed: boolean }
  | { readonly kind: 'refused'; readonly id: number; readonly code: string | null; readonly message: string }
  | { readonly kind: 'ended'; readonly id: number; readonly signal: NodeJS.Signals | null };
