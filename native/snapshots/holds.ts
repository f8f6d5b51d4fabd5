/**
 * Snapshots that were taken and that no experiment names yet: a removal must not take them away meanwhile. And the other way round:
 * whoever wants a snapshot that is being removed waits, and makes it anew.
 */
export interface Holds {
  /** Waits while `id` is being removed, then holds it. @returns lets go; only its first call counts */
  hold(id: string): Promise<() => void>;
  /** @throws Error when `id` is held */
  remove(id: string, work: () => Promise<void>): Promise<void>;
}

export function createHolds(): Holds {
  const held = new Map<string, number>();
  const removing = new Map<string, Promise<void>>();
  return {
    async hold(id) {
      while (removing.has(id))
        await removing.get(id)?.catch(() => {
          /* Its own caller hears of it. */
        });
      held.set(id, (held.get(id) ?? 0) + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = (held.get(id) ?? 1) - 1;
        if (left === 0) held.delete(id);
        else held.set(id, left);
      };
    },
    async remove(id, work) {
      if (held.has(id)) throw new Error(`snapshot ${id.slice(0, 12)} is wanted again`);
      const removal = (removing.get(id) ?? Promise.resolve()).then(work).finally(() => {
        if (removing.get(id) === removal) removing.delete(id);
      });
      removing.set(id, removal);
      await removal;
    },
  };
}
