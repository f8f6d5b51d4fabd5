/** What has to be looked at with time alone: each task once a beat, one round at a time. */

const BEAT_MS = 5_000;

export interface BeatTask {
  /** What could not be done, for the log. */
  readonly name: string;
  readonly run: () => unknown;
}

/**
 * Begins with a round at once. A task that fails is reported and keeps none of the others from its turn.
 * @returns the function that ends it
 */
export function startBeat(tasks: readonly BeatTask[], onError: (text: string, error: unknown) => void): () => void {
  let busy = false;

  async function round(): Promise<void> {
    if (busy) return;
    busy = true;
    for (const { name, run } of tasks) {
      try {
        await run();
      } catch (error) {
        onError(`${name} failed`, error);
      }
    }
    busy = false;
  }
  void round();
  const timer = setInterval(() => {
    void round();
  }, BEAT_MS);
  return () => {
    clearInterval(timer);
  };
}
