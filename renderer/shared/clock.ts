/** One ticking clock for everything that shows "2 m left". */
import { useSyncExternalStore } from 'react';
import { engineNow } from '../api/store.ts';

const TICK_MS = 1_000;
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => watchers.forEach((each) => each()), TICK_MS);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** @returns the engine's clock in ms, rounded down to `stepMs` so that a slow clock does not redraw every second. */
export function useNow(stepMs = 10_000): number {
  return useSyncExternalStore(subscribe, () => Math.floor(engineNow() / stepMs) * stepMs);
}
