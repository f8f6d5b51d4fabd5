/** Many may pass together, or one alone. Whoever wants to be alone waits for those inside; who comes meanwhile waits for him. */
export interface Gate {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createGate(): Gate {
  const inside = new Set<Promise<unknown>>();
  let single: Promise<unknown> = Promise.resolve();
  return {
    async together(work) {
      // Another may have asked to be alone while we waited.
      for (let seen: Promise<unknown> | null = null; seen !== single;) {
        seen = single;
        await seen;
      }
      const working = work();
      const settled = working.catch(() => undefined);
      inside.add(settled);
      try {
        return await working;
      } finally {
        inside.delete(settled);
      }
    },
    alone(work) {
      const turn = single.then(async () => {
        await Promise.all(inside);
        return work();
      });
      single = turn.catch(() => undefined);
      return turn;
    },
  };
}
