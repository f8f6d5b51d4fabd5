import { afterEach, describe, expect, it } from 'vitest';
import { poolOpenState } from '../../../electron/scheduler/pool-hours.ts';
import { MINUTE } from './plan/build.ts';

const NIGHT = { from: '20:00', to: '08:00' };
const at = (text: string): number => new Date(text).getTime();
const zoneBefore = process.env['TZ'];

afterEach(() => {
  if (zoneBefore === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zoneBefore;
});

describe('opening hours', () => {
  it('without hours, and from a time to the same, is always open', () => {
    expect(poolOpenState(null, 0)).toEqual({ closedReason: null, opensAtMs: null, closesAtMs: null });
    expect(poolOpenState({ from: '08:00', to: '08:00' }, at('2024-05-01T03:00:00'))).toEqual({
      closedReason: null,
      opensAtMs: null,
      closesAtMs: null,
    });
  });

  it.each([
    [NIGHT, '2024-05-01T20:00:00', null],
    [NIGHT, '2024-05-01T23:59:00', null],
    [NIGHT, '2024-05-01T07:59:59', null],
    [NIGHT, '2024-05-01T08:00:00', '2024-05-01T20:00:00'],
    [NIGHT, '2024-05-01T19:59:59', '2024-05-01T20:00:00'],
    [{ from: '09:30', to: '17:00' }, '2024-05-31T17:00:00', '2024-06-01T09:30:00'],
    [{ from: '09:30', to: '17:00' }, '2024-05-31T09:29:00', '2024-05-31T09:30:00'],
    [{ from: '00:00', to: '06:00' }, '2024-12-31T12:00:00', '2025-01-01T00:00:00'],
  ])('%o at %s', (hours, now, opens) => {
    const state = poolOpenState(hours, at(now));
    expect(state.opensAtMs).toBe(opens === null ? null : at(opens));
    expect(state.closedReason === null).toBe(opens === null);
  });

  it('says when it opens', () => {
    expect(poolOpenState(NIGHT, at('2024-05-01T12:00:00')).closedReason).toBe('opens at 20:00 (hours 20:00 to 08:00)');
  });

  it('gives nonsense the benefit of being open', () => {
    expect(poolOpenState({ from: '99:99', to: 'x' }, 0).closedReason).toBeNull();
    expect(poolOpenState(NIGHT, Number.NaN).closedReason).toBeNull();
  });

  it('agrees with the clock on the wall on days when it is moved', () => {
    process.env['TZ'] = 'Europe/Berlin';
    // 2024-03-31 02:00 became 03:00; 2024-10-27 03:00 became 02:00.
    const inSkipped = { from: '02:30', to: '05:00' };
    const skipped = poolOpenState(inSkipped, Date.UTC(2024, 2, 31, 0, 30));
    expect(skipped.opensAtMs).toBe(Date.UTC(2024, 2, 31, 1, 0));
    for (const day of [Date.UTC(2024, 2, 30), Date.UTC(2024, 9, 26)]) {
      for (const hours of [NIGHT, inSkipped, { from: '03:00', to: '02:00' }, { from: '02:15', to: '02:45' }]) {
        for (let ms = day; ms < day + 3 * 1440 * MINUTE; ms += 15 * MINUTE) {
          const { opensAtMs, closesAtMs } = poolOpenState(hours, ms);
          expect(opensAtMs === null).toBe(closesAtMs !== null);
          if (opensAtMs === null) {
            const closes = closesAtMs as number;
            expect(closes).toBeGreaterThan(ms);
            expect(poolOpenState(hours, closes).closedReason).not.toBeNull();
            for (let open = ms; open < closes; open += 45 * MINUTE)
              expect(poolOpenState(hours, open).closedReason).toBeNull();
            continue;
          }
          expect(opensAtMs).toBeGreaterThan(ms);
          expect(poolOpenState(hours, opensAtMs).closedReason).toBeNull();
          expect(poolOpenState(hours, opensAtMs - MINUTE).closedReason).not.toBeNull();
        }
      }
    }
  });
});
