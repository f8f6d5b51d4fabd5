/**
 * Images of queued trials are fetched ahead, without a slot: a trial is planned with once its image is here, and those behind it may have the
 * GPUs meanwhile. One image at a time, the first in line first. Per image:
 *
 *   unknown -> looked for -> here
 *                         -> missing -> fetched -> here
 *                                       -> failed for the place's sake: the launch holds say when it is tried again
 *                                       -> failed for good: its first trial in line is told (onRefused), the next asks anew
 *
 * "Here" is believed until a launch finds it gone, or the runtime changed. A fetch that no queued trial wants any more is given up.
 * In memory only: after a restart of the engine every image is looked for once.
 */
import type { RuntimeKind } from '../contract/states.ts';
import { LaunchError } from '../ports/trial-runtime.ts';
import type { TrialRuntime } from '../ports/trial-runtime.ts';
import type { LaunchHolds, LaunchKind } from './launch-holds.ts';
import { changeQueued } from './plan/lines.ts';
import type { PlanInput, PlanTrial } from './plan/model.ts';
import { splitQueue } from './plan/read-input.ts';

/** A screen, and a pass over a long queue for it, need no more than this. */
const TELL_EVERY_MS = 1_000;

export interface ImageSupplyDeps {
  readonly runtimes: ReadonlyMap<RuntimeKind, Pick<TrialRuntime, 'images'>>;
  readonly isUp: (kind: RuntimeKind) => boolean;
  readonly holds: Pick<LaunchHolds, 'failed' | 'fetched'>;
}

/** What the queue holds now. */
export interface QueuedImages {
  /** Images of its trials on this runtime, each once. */
  images(kind: RuntimeKind): Iterable<string>;
  kindOf(id: PlanTrial['id']): LaunchKind | undefined;
}

export type RefusedListener = (trialId: number, failure: LaunchError) => void;

export interface ImageSupply {
  /**
   * Puts what is missing on the trials that wait for it, and sees to the next image; the input itself where all are here.
   * @param input with the launch holds put on: for who is held nothing is fetched
   */
  apply(input: PlanInput, queue: QueuedImages): PlanInput;
  /** A launch found it gone. */
  forget(launch: Pick<LaunchKind, 'runtime' | 'image'>): void;
  /** The runtime changed: every image is looked for again. */
  forgetAll(runtime: RuntimeKind): void;
  /** Something was found, fetched, or is further on. */
  onChange(listener: () => void): void;
  /** The image of this queued trial cannot be had at all. */
  onRefused(listener: RefusedListener): void;
  close(): void;
}

interface Fetch {
  readonly key: string;
  readonly image: string;
  readonly abort: AbortController;
  text: string;
}

interface Waiting {
  /** In the line of its pool. */
  readonly place: number;
  readonly trialId: number;
  readonly launch: LaunchKind;
}

export function createImageSupply({ runtimes, isUp, holds }: ImageSupplyDeps): ImageSupply {
  /** A symbol while it is looked for: one per look, so that an answer from before a change counts for nothing. */
  const known = new Map<string, symbol | 'missing' | 'here'>();
  const listeners: (() => void)[] = [];
  const refusedListeners: RefusedListener[] = [];
  let fetching: Fetch | null = null;
  let telling: NodeJS.Timeout | null = null;
  let closed = false;

  const keyOf = (kind: RuntimeKind, image: string): string => `${kind} ${image}`;
  const tell = (): void => {
    if (telling !== null) clearTimeout(telling);
    telling = null;
    if (!closed) for (const listener of listeners) listener();
  };

  function look({ runtime, image }: LaunchKind, key: string): void {
    const own = Symbol(key);
    known.set(key, own);
    // Whoever cannot be asked is asked to fetch it, and says then why that is not possible.
    const asked = runtimes.get(runtime)?.images?.has(image ?? '') ?? Promise.resolve(false);
    void asked
      .catch(() => false)
      .then((isHere) => {
        if (known.get(key) !== own) return;
        known.set(key, isHere ? 'here' : 'missing');
        tell();
      });
  }

  async function fetch(first: Waiting, image: string, store: NonNullable<TrialRuntime['images']>): Promise<void> {
    const key = keyOf(first.launch.runtime, image);
    const own: Fetch = { key, image, abort: new AbortController(), text: 'pulling its image' };
    fetching = own;
    const onActivity = (text: string): void => {
      if (text === own.text) return;
      own.text = text;
      telling ??= setTimeout(tell, TELL_EVERY_MS).unref();
    };
    try {
      await store.fetch(image, onActivity, own.abort.signal);
      known.set(key, 'here');
      holds.fetched(first.launch);
    } catch (error) {
      if (!own.abort.signal.aborted) failed(error, first);
    } finally {
      fetching = null;
      tell();
    }
  }

  function failed(error: unknown, { launch, trialId }: Waiting): void {
    const failure =
      error instanceof LaunchError
        ? error
        : new LaunchError('image_missing', `Its image could not be fetched: ${String(error)}`, null, true, 'image');
    const { message, remedy, transient } = failure;
    if (transient) holds.failed(launch, { message, remedy, holds: failure.holds ?? 'image' });
    else if (!closed) {
      try {
        for (const listener of refusedListeners) listener(trialId, failure);
      } catch {
        // It could not be told (a full disk): not asked for again at once.
        holds.failed(launch, { message, remedy, holds: 'image' });
      }
    }
  }

  /** @returns the keys of queued images that are not known to be here */
  function listMissing(queue: QueuedImages): Set<string> {
    const missing = new Set<string>();
    for (const [kind, { images }] of runtimes) {
      if (images === undefined || !isUp(kind)) continue;
      for (const image of queue.images(kind)) {
        const key = keyOf(kind, image);
        if (known.get(key) !== 'here') missing.add(key);
      }
    }
    return missing;
  }

  /** Of the images that are missing, the one whose first trial is next in the line of its pool. */
  function fetchNext(waiting: Iterable<Waiting>): void {
    let first: Waiting | null = null;
    for (const one of waiting) if ((first === null || one.place < first.place) && isMissing(one.launch)) first = one;
    const image = first?.launch.image ?? null;
    const store = first === null ? undefined : runtimes.get(first.launch.runtime)?.images;
    if (first !== null && image !== null && store !== undefined) void fetch(first, image, store);
  }

  const isMissing = ({ runtime, image }: LaunchKind): boolean => known.get(keyOf(runtime, image ?? '')) === 'missing';

  function sayWait(key: string): string {
    if (fetching === null) return 'looks for its image';
    return fetching.key === key ? fetching.text : `its image is pulled after ${fetching.image}`;
  }

  return {
    apply(input, queue) {
      if (closed) return input;
      const missing = listMissing(queue);
      if (fetching !== null && !missing.has(fetching.key)) fetching.abort.abort();
      if (missing.size === 0) return input;
      /** Of each missing image, who is first in line for it. */
      const waiting = new Map<string, Waiting>();
      const missed = (trial: PlanTrial): { readonly key: string; readonly kind: LaunchKind } | null => {
        const kind = trial.held === null ? queue.kindOf(trial.id) : undefined;
        if (kind?.image == null) return null;
        const key = keyOf(kind.runtime, kind.image);
        return missing.has(key) ? { key, kind } : null;
      };
      for (const line of splitQueue(input).values()) {
        const found = new Set<string>();
        for (let place = 0; place < line.length && found.size < missing.size; place++) {
          const trial = line.at(place) as PlanTrial;
          const wanted = missed(trial);
          if (wanted === null || found.has(wanted.key)) continue;
          const { key, kind } = wanted;
          found.add(key);
          // That some cannot have GPUs keeps no image away.
          if (place < (waiting.get(key)?.place ?? Infinity))
            waiting.set(key, { place, trialId: Number(trial.id), launch: { ...kind, slots: 0 } });
        }
      }
      for (const [key, { launch }] of waiting) if (!known.has(key)) look(launch, key);
      if (fetching === null) fetchNext(waiting.values());
      return changeQueued(input, (trial) => {
        const wanted = missed(trial);
        if (wanted === null) return trial;
        return { ...trial, keepsClaim: false, held: { code: 'image', text: sayWait(wanted.key) } };
      });
    },
    forget({ runtime, image }) {
      if (image !== null) known.delete(keyOf(runtime, image));
    },
    forgetAll(runtime) {
      for (const key of known.keys()) if (key.startsWith(`${runtime} `)) known.delete(key);
    },
    onChange(listener) {
      listeners.push(listener);
    },
    onRefused(listener) {
      refusedListeners.push(listener);
    },
    close() {
      closed = true;
      if (telling !== null) clearTimeout(telling);
      fetching?.abort.abort();
    },
  };
}
