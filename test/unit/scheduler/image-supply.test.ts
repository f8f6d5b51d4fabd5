/** Images of queued trials: fetched before their trials are planned with, one at a time, the first in line first. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LaunchError, type ImageStore } from '../../../electron/ports/trial-runtime.ts';
import { createImageSupply, type ImageSupply } from '../../../electron/scheduler/image-supply.ts';
import { createLaunchHolds, type LaunchHolds } from '../../../electron/scheduler/launch-holds.ts';
import { firstOf } from '../../../electron/scheduler/plan/lines.ts';
import type { PlanInput, PlanTrial } from '../../../electron/scheduler/plan/model.ts';
import { splitQueue } from '../../../electron/scheduler/plan/read-input.ts';

const queuedOf = (input: PlanInput): readonly PlanTrial[] =>
  [...splitQueue(input).values()].flatMap((line) => firstOf(line));

interface Call {
  readonly image: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
  readonly finish: (error?: Error) => void;
}

interface Yard {
  readonly supply: ImageSupply;
  readonly holds: LaunchHolds;
  readonly fetches: Call[];
  readonly refused: string[];
  readonly here: Set<string>;
  /** The next answers to whether an image is here; none = as it is then. */
  readonly answers: Promise<boolean>[];
  /** The queue as it is now: trials with their images, in line. */
  line: { id: number; image: string | null; poolId?: string; held?: PlanTrial['held'] }[];
  up: boolean;
  nowMs: number;
  /** One pass of the scheduler. @returns what holds each trial; null = it may start */
  pass(): (string | null)[];
  /** Passes until nothing is looked for any more. */
  settled(): Promise<(string | null)[]>;
}

const opened: Yard[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const { supply, holds } of opened.splice(0)) {
    supply.close();
    holds.close();
  }
});

function open(here: readonly string[] = []): Yard {
  const fetches: Call[] = [];
  const images: ImageStore = {
    has: (image) => yard.answers.shift() ?? Promise.resolve(yard.here.has(image)),
    fetch: (image, say, signal) =>
      new Promise((resolve, reject) => {
        fetches.push({
          image,
          say,
          signal,
          finish: (error) => {
            if (error === undefined) resolve();
            else reject(error);
          },
        });
      }),
  };
  const holds = createLaunchHolds({ monotonicMs: () => yard.nowMs });
  const supply = createImageSupply({
    runtimes: new Map([
      ['docker', { images }],
      ['process', {}],
    ]),
    isUp: () => yard.up,
    holds,
  });
  const kindOf = (
    id: PlanTrial['id'],
  ): { runtime: 'docker' | 'process'; slots: number; image: string | null } | undefined => {
    const trial = yard.line.find((one) => one.id === id);
    return trial === undefined
      ? undefined
      : { runtime: trial.image === null ? 'process' : 'docker', slots: 1, image: trial.image };
  };
  const yard: Yard = {
    supply,
    holds,
    fetches,
    refused: [],
    here: new Set(here),
    answers: [],
    line: [],
    up: true,
    nowMs: 0,
    pass() {
      const input = {
        queued: yard.line.map(({ id, poolId = 'p', held = null }) => ({ id, poolId, held, keepsClaim: true })),
      } as unknown as PlanInput;
      const queue = {
        kindOf,
        images: (kind: string) =>
          new Set(yard.line.flatMap(({ image }) => (image === null || kind !== 'docker' ? [] : [image]))),
      };
      const output = supply.apply(holds.apply(input, kindOf), queue);
      if (queuedOf(output).every(({ held }) => held?.code !== 'image'))
        expect(queuedOf(output).length).toBe(yard.line.length);
      for (const { held, keepsClaim } of queuedOf(output)) if (held?.code === 'image') expect(keepsClaim).toBe(false);
      return queuedOf(output).map(({ held }) => held?.text ?? null);
    },
    async settled() {
      yard.pass();
      await new Promise((resolve) => setImmediate(resolve));
      return yard.pass();
    },
  };
  supply.onRefused((trialId, { code }) => yard.refused.push(`#${trialId} ${code}`));
  opened.push(yard);
  return yard;
}

const missing = new LaunchError('image_missing', 'It does not exist.', 'Check the name.');
const unreachable = new LaunchError('registry_unreachable', 'No answer.', null, true, 'image');
const next = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the supply of images', () => {
  test('a trial waits for its image and for nothing else; what is here or needs none goes ahead', async () => {
    const yard = open(['a']);
    yard.line = [
      { id: 1, image: 'new' },
      { id: 2, image: 'a' },
      { id: 3, image: null },
      { id: 4, image: 'new' },
    ];
    expect(yard.pass()).toEqual(['looks for its image', 'looks for its image', null, 'looks for its image']);
    expect(await yard.settled()).toEqual(['pulling its image', null, null, 'pulling its image']);
    expect(yard.fetches.map(({ image }) => image)).toEqual(['new']);
    yard.fetches[0]?.say('pulling its image new (40 % of 2 GiB)');
    expect(yard.pass()[0]).toBe('pulling its image new (40 % of 2 GiB)');
    yard.fetches[0]?.finish();
    await next();
    expect(yard.pass()).toEqual([null, null, null, null]);
    // Known from now on: the input is passed on as it is.
    const input = { queued: [] } as unknown as PlanInput;
    expect(yard.supply.apply(input, { kindOf: () => undefined, images: () => ['new'] })).toBe(input);
  });

  test('one at a time, and the next is the first in the line as it is then, whatever pool', async () => {
    const yard = open();
    yard.line = [
      { id: 1, image: 'a' },
      { id: 2, image: 'b' },
      { id: 3, image: 'c' },
      { id: 4, image: 'd', poolId: 'q' },
    ];
    await yard.settled();
    expect((await yard.settled())[1]).toBe('its image is pulled after a');
    yard.line = [{ id: 3, image: 'c' }, { id: 2, image: 'b' }, ...yard.line.slice(0, 1), ...yard.line.slice(3)];
    yard.pass();
    for (let i = 0; i < 3; i++) {
      yard.fetches[i]?.finish();
      await next();
      yard.pass();
    }
    expect(yard.fetches.map(({ image }) => image)).toEqual(['a', 'c', 'd', 'b']);
  });

  test('a registry that dies is tried again after growing pauses, and meanwhile the next image comes', async () => {
    const yard = open();
    yard.line = [
      { id: 1, image: 'a' },
      { id: 2, image: 'b' },
    ];
    await yard.settled();
    yard.fetches[0]?.finish(unreachable);
    await next();
    expect(yard.pass()[0]).toMatch(/^tried again in 5 s: No answer/);
    expect(yard.fetches.map(({ image }) => image)).toEqual(['a', 'b']);
    yard.fetches[1]?.finish();
    await next();
    yard.nowMs += 4_999;
    yard.pass();
    expect(yard.fetches.length).toBe(2);
    yard.nowMs += 1;
    expect(yard.pass()).toEqual(['pulling its image', null]);
    yard.fetches[2]?.finish(unreachable);
    await next();
    expect(yard.pass()[0]).toMatch(/^tried again in 10 s/);
    yard.nowMs += 10_000;
    yard.pass();
    yard.fetches[3]?.finish();
    await next();
    expect(yard.pass()).toEqual([null, null]);
    // A later failure begins at 5 s again.
    yard.supply.forget({ runtime: 'docker', image: 'a' });
    await yard.settled();
    yard.fetches[4]?.finish(unreachable);
    await next();
    expect(yard.pass()[0]).toMatch(/^tried again in 5 s/);
  });

  test('an image that cannot be had is the end of the first trial that wants it; the next one asks anew', async () => {
    const yard = open();
    yard.line = [
      { id: 1, image: 'a' },
      { id: 2, image: 'a' },
    ];
    await yard.settled();
    yard.fetches[0]?.finish(missing);
    await next();
    expect(yard.refused).toEqual(['#1 image_missing']);
    yard.line.shift();
    yard.pass();
    yard.fetches[1]?.finish(missing);
    await next();
    expect(yard.refused).toEqual(['#1 image_missing', '#2 image_missing']);
  });

  test('who cannot take a refusal is not asked again at once', async () => {
    const yard = open();
    yard.supply.onRefused(() => {
      throw new Error('the disk is full');
    });
    yard.line = [{ id: 1, image: 'a' }];
    await yard.settled();
    yard.fetches[0]?.finish(missing);
    await next();
    expect(yard.pass()[0]).toMatch(/^tried again in 5 s/);
  });

  test('a pull that nobody wants any more is given up, and held trials want none', async () => {
    const yard = open();
    yard.line = [{ id: 1, image: 'a' }];
    await yard.settled();
    yard.line = [{ id: 2, image: 'b', held: { code: 'disk_full', text: 'no space' } }];
    yard.pass();
    expect(yard.fetches[0]?.signal.aborted).toBe(true);
    yard.fetches[0]?.finish(new Error('aborted'));
    await next();
    expect(await yard.settled()).toEqual(['no space']);
    expect(yard.fetches.length).toBe(1);
    expect(yard.refused).toEqual([]);
    expect(yard.holds.leftMs({ runtime: 'docker', slots: 0, image: 'a' })).toBe(0);
  });

  test('nothing is asked of a runtime that is down; after a change everything is looked for again', async () => {
    const yard = open(['a']);
    yard.up = false;
    yard.line = [{ id: 1, image: 'a' }];
    expect(await yard.settled()).toEqual([null]);
    yard.line = [{ id: 2, image: 'b' }];
    expect(await yard.settled()).toEqual([null]);
    expect(yard.fetches).toEqual([]);
    yard.line = [{ id: 1, image: 'a' }];
    yard.up = true;
    expect(await yard.settled()).toEqual([null]);
    yard.here.clear();
    expect(await yard.settled()).toEqual([null]);
    yard.supply.forgetAll('docker');
    expect(await yard.settled()).toEqual(['pulling its image']);
  });

  test('an answer from before a change counts for nothing', async () => {
    const yard = open(['a']);
    yard.line = [{ id: 1, image: 'a' }];
    yard.pass();
    yard.here.clear();
    yard.supply.forget({ runtime: 'docker', image: 'a' });
    expect(await yard.settled()).toEqual(['pulling its image']);
    const late = Promise.withResolvers<boolean>();
    yard.answers.push(late.promise);
    yard.line = [{ id: 2, image: 'b' }];
    yard.pass();
    yard.supply.forget({ runtime: 'docker', image: 'b' });
    expect(await yard.settled()).toEqual(['its image is pulled after a']);
    late.resolve(true);
    await next();
    expect(yard.pass()).toEqual(['its image is pulled after a']);
  });

  test('progress is told once a second, an end at once', async () => {
    const yard = open();
    yard.line = [{ id: 1, image: 'a' }];
    await yard.settled();
    let told = 0;
    yard.supply.onChange(() => told++);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (const percent of [1, 2, 2, 3]) yard.fetches[0]?.say(`${percent} %`);
    expect(told).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(told).toBe(1);
    yard.fetches[0]?.say('4 %');
    yard.fetches[0]?.finish();
    await next();
    expect(told).toBe(2);
    vi.advanceTimersByTime(5_000);
    expect(told).toBe(2);
  });
});
