/** Bars as tqdm writes them, and which of them tells how far a trial is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { followBar, judgeBars, NO_BARS, type FollowedBars } from '../../../../electron/trials/log/follow-bars.ts';
import { parseBar, type Bar } from '../../../../electron/trials/log/parse-bar.ts';

const clock = (seconds: number): string => {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

describe('a bar', () => {
  it('is read as it is written', () => {
    expect(parseBar('Epoch 3/10:  45%|████▌     | 450/1000 [01:02:03<00:55,  9.90it/s, loss=0.31]')).toEqual({
      label: 'Epoch 3/10',
      position: 450,
      total: 1000,
      elapsedMs: 3_723_000,
      remainingMs: 55_000,
      perSecond: 9.9,
      isBytes: false,
      rest: 'Epoch 3/10 , loss=0.31',
    });
  });
  it.each([
    ['  0%|          | 0/100 [00:00<?, ?it/s]', { label: '', position: 0, remainingMs: null, perSecond: null }],
    [' 50%|#####     | 5/10 [00:10<00:10,  2.00s/it]', { perSecond: 0.5 }],
    ['model.bin:  35%|###5   | 1.20M/3.40M [00:01<00:02, 1.1MB/s]', { isBytes: true, position: 1_200_000 }],
    ['100%|██████████| 1.50k/1.50k [00:10<00:00, 150it/s]', { position: 1500, total: 1500 }],
  ])('%s', (line, wanted) => {
    expect(parseBar(line)).toMatchObject(wanted);
  });
  it.each(['450it [00:45, 10.00it/s]', '45%| done', 'loss 45% | 3/4 [x<y]', '', '5%|a|1/0 [00:00<00:00]'])(
    '%j is none',
    (line) => {
      expect(parseBar(line)).toBeNull();
    },
  );
  it('comes back from any numbers, and no text of any length takes long or throws', () => {
    fc.assert(
      fc.property(
        fc.nat(99_999),
        fc.integer({ min: 1, max: 99_999 }),
        fc.nat(200_000),
        fc.nat(200_000),
        (at, all, ran, left) => {
          const line = `x: ${Math.floor((100 * at) / all)}%|##  | ${at}/${all} [${clock(ran)}<${clock(left)},  1.50it/s]`;
          const percent = Math.floor((100 * at) / all);
          if (percent > 999) return;
          expect(parseBar(line)).toMatchObject({
            position: Math.min(at, all),
            total: all,
            elapsedMs: ran * 1000,
            remainingMs: left * 1000,
          });
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.constantFrom('5%|', '|', '[', '<', ':', '1', '00', ' ', 'k', '/')), (parts) => {
        parseBar(parts.join(''));
      }),
    );
    expect(parseBar(`${'1%|'.repeat(1_000_000)}`)).toBeNull();
  });
});

const bar = (label: string, position: number, total: number, elapsedS: number, remainingS: number | null): Bar => ({
  label,
  position,
  total,
  elapsedMs: elapsedS * 1000,
  remainingMs: remainingS === null ? null : remainingS * 1000,
  perSecond: 1,
  isBytes: false,
  rest: '',
});
const follow = (...bars: readonly Bar[]): FollowedBars => bars.reduce(followBar, NO_BARS);
const progressOf = (...bars: readonly Bar[]): number | null => judgeBars(follow(...bars))?.progress ?? null;

describe('the bar that counts', () => {
  it('is the one that takes longest', () => {
    expect(progressOf(bar('', 450, 1000, 450, 550), bar('eval', 5, 50, 5, 45))).toBe(0.45);
  });
  it('is none that begins anew: one an epoch, an evaluation now and then', () => {
    const first = bar('', 90, 100, 90, 10);
    expect(progressOf(first)).toBe(0.9);
    expect(progressOf(first, bar('', 10, 100, 10, 90))).toBeNull();
    expect(progressOf(first, bar('', 10, 100, 10, 90), bar('', 60, 100, 60, 40))).toBeNull();
    expect(progressOf(bar('train', 400, 1000, 400, 600), bar('', 90, 100, 90, 1), bar('', 10, 100, 10, 90))).toBe(0.4);
  });
  it('counts for its epoch where it says of how many, from 1 or from 0', () => {
    expect(progressOf(bar('Epoch 3/10', 50, 100, 50, 50))).toBeCloseTo(0.25);
    expect(progressOf(bar('Epoch 0/4', 90, 100, 90, 10), bar('Epoch 1/4', 50, 100, 50, 50))).toBeCloseTo(0.375);
    expect(progressOf(bar('Epoch [2 of 4]', 0, 100, 60, 60))).toBeCloseTo(0.25);
  });
  it('is none of one epoch of nobody knows how many, of a moment, or of bytes', () => {
    expect(progressOf(bar('Epoch 3', 50, 100, 50, 50))).toBeNull();
    expect(progressOf(bar('Loading shards', 2, 3, 1, 1))).toBeNull();
    expect(progressOf({ ...bar('weights', 50, 100, 50, 50), isBytes: true })).toBeNull();
  });
  it('never says that all is done: that is for the program to say', () => {
    expect(progressOf(bar('', 100, 100, 100, 0))).toBe(0.99);
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            label: fc.constantFrom('', 'Epoch 1/3', 'Epoch 0/3', 'Epoch 9/3', 'Epoch 2'),
            position: fc.nat(10),
            elapsed: fc.nat(100),
          }),
          { maxLength: 60 },
        ),
        (all) => {
          const known = follow(
            ...all.map((one, at) => bar(one.label + 'x'.repeat(at), one.position, 10, one.elapsed, 1)),
          );
          expect(known.size).toBeLessThanOrEqual(20);
          const progress = judgeBars(known)?.progress ?? 0;
          expect(progress >= 0 && progress <= 0.99).toBe(true);
        },
      ),
    );
  });
});
