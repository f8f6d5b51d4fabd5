/** What active trials are busy with ("waiting for the Docker daemon to come back"): for the screen only, forgotten with the engine. */
export interface Activities {
  of(trialId: number): string | null;
  /** @param text null = with nothing worth saying.  @returns whether that is another answer than before */
  set(trialId: number, text: string | null): boolean;
}

export function createActivities(): Activities {
  const known = new Map<number, string>();
  return {
    of: (trialId) => known.get(trialId) ?? null,
    set(trialId, text) {
      if (text === null) return known.delete(trialId);
      if (known.get(trialId) === text) return false;
      known.set(trialId, text);
      return true;
    },
  };
}
