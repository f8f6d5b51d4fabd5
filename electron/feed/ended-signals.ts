/** A signal per attempt that fires when the attempt has ended: what followers of its log wait for. */
export interface EndedSignals {
  of(trialId: number, attempt: number): AbortSignal;
  /** Something changed about this trial. */
  check(trialId: number): void;
}

export function createEndedSignals(hasEnded: (trialId: number, attempt: number) => boolean): EndedSignals {
  const waiting = new Map<number, Map<number, AbortController>>();
  return {
    of(trialId, attempt) {
      if (hasEnded(trialId, attempt)) return AbortSignal.abort();
      let attempts = waiting.get(trialId);
      if (attempts === undefined) waiting.set(trialId, (attempts = new Map()));
      let controller = attempts.get(attempt);
      if (controller === undefined) attempts.set(attempt, (controller = new AbortController()));
      return controller.signal;
    },
    check(trialId) {
      const attempts = waiting.get(trialId);
      if (attempts === undefined) return;
      for (const [attempt, controller] of attempts) {
        if (!hasEnded(trialId, attempt)) continue;
        controller.abort();
        attempts.delete(attempt);
      }
      if (attempts.size === 0) waiting.delete(trialId);
    },
  };
}
