/** The log position: whatever interrupts the stream, every frame is taken once. Played against a model of the engine's endpoint. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCursorKeeper,
  createFrameSkipper,
  firstCursor,
  parseCursor,
} from '../../../../native/docker/log-cursor.ts';
import type { LogCursor } from '../../../../native/docker/log-cursor.ts';
import { createFrameReader, stampToSince } from '../../../../native/docker/log-frames.ts';

/** 2026-01-01 plus milliseconds, as the engine writes it. */
function stampOf(ms: number): string {
  return new Date(Date.UTC(2026, 0, 1) + ms).toISOString().replace('Z', '000000Z');
}

/** What the endpoint sends: all frames in their order, without those before `since`. */
function serve(stamps: readonly string[], cursor: LogCursor): readonly { stamp: string; index: number }[] {
  return stamps
    .map((stamp, index) => ({ stamp, index }))
    .filter(({ stamp }) => cursor.since === null || stamp >= cursor.since.stamp);
}

/** Reads in pieces; after each the position is saved and everything else forgotten. @returns the indexes of the frames taken */
function readInPieces(stamps: readonly string[], pieces: readonly number[]): readonly number[] {
  const taken: number[] = [];
  let cursor = firstCursor(0);
  for (const piece of [...pieces, stamps.length]) {
    const skipper = createFrameSkipper(cursor);
    const keeper = createCursorKeeper(cursor);
    let fresh = 0;
    for (const frame of serve(stamps, cursor)) {
      if (skipper.skips(frame.stamp)) continue;
      if (fresh++ >= piece) break;
      keeper.count(frame.stamp);
      taken.push(frame.index);
      // Positions are saved now and then, not after each frame.
      if (fresh % 7 === 0) keeper.cursor(0);
    }
    cursor = parseCursor(JSON.stringify(keeper.cursor(taken.length))) ?? firstCursor(0);
  }
  return taken;
}

describe('log cursor', () => {
  it('stops skipping at a frame that was never counted: the engine dropped what was to be skipped', () => {
    const skipper = createFrameSkipper({ ...firstCursor(0), frames: 3, newest: stampOf(5) });
    expect([stampOf(5), stampOf(6), stampOf(1), stampOf(5)].map((stamp) => skipper.skips(stamp))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
  it('takes every frame once when the clock is set back behind the position', () => {
    // The position moves on with each seven frames, up to 4 s; then the clock goes back to 1 s in the middle of the stream.
    const before = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 6.5, 7, 7.5, 8];
    const stamps = [...before, 1, 1.001, 1.002, 1.003, 9].map((seconds) => stampOf(seconds * 1000));
    for (const pieces of [[15], [15, 1, 1, 1], [16, 2], []])
      expect(readInPieces(stamps, pieces)).toEqual(stamps.map((_, index) => index));
  });
  it('takes every frame once, with two writers out of step and equal time stamps', () => {
    const steps = fc.array(
      fc.record({ ms: fc.constantFrom(0, 0, 0, 1, 3, 700, 2500), skew: fc.constantFrom(0, 0, -1, -2, 1) }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, fc.array(fc.nat(40), { maxLength: 12 }), (frames, pieces) => {
        let now = 10_000;
        const stamps = frames.map(({ ms, skew }) => stampOf((now += ms) + skew));
        expect(readInPieces(stamps, pieces)).toEqual(stamps.map((_, index) => index));
      }),
    );
  });

  it('takes every frame once when the clock jumps back or forth', () => {
    const steps = fc.array(fc.constantFrom(0, 1, 50, 3000, -5000, 3_600_000, -3_600_000), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.array(fc.nat(10), { maxLength: 6 }), (jumps, pieces) => {
        let now = 1e9;
        const stamps = jumps.map((jump) => stampOf((now += jump)));
        const taken = readInPieces(stamps, pieces);
        expect(new Set(taken).size).toBe(taken.length);
        // A jump back while nobody looks may hide frames from the filter; one that was seen never does.
        if (jumps.every((jump) => jump >= 0) || pieces.every((piece) => piece === 0))
          expect(taken).toEqual(stamps.map((_, index) => index));
      }),
    );
  });

  it('reads little again: the position follows the newest frame', () => {
    const keeper = createCursorKeeper(firstCursor(0));
    for (let ms = 0; ms < 60_000; ms++) {
      keeper.count(stampOf(ms));
      if (ms % 200 === 0) keeper.cursor(ms);
    }
    const cursor = keeper.cursor(1);
    expect(cursor.frames).toBe(60_000);
    expect(cursor.since?.frames).toBeLessThan(5_000);
  });

  it('does not skip new output for output the engine has dropped meanwhile', () => {
    const keeper = createCursorKeeper(firstCursor(0));
    for (let ms = 0; ms < 10; ms++) keeper.count(stampOf(ms));
    const skipper = createFrameSkipper(keeper.cursor(10));
    expect([stampOf(8), stampOf(9), stampOf(50), stampOf(51)].map((stamp) => skipper.skips(stamp))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('refuses a cursor it does not understand', () => {
    for (const text of ['', '{', '{"version":2}', 'null', '{"version":1,"bytes":-1}'])
      expect(parseCursor(text)).toBeNull();
  });
});

describe('log frames', () => {
  const frame = (text: string): Buffer => {
    const payload = Buffer.from(text);
    const header = Buffer.alloc(8);
    header[0] = 1;
    header.writeUInt32BE(payload.length, 4);
    return Buffer.concat([header, payload]);
  };

  it('gives the same frames however the stream is cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        payloads,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 }),
        (texts, cuts) => {
          const stamp = stampOf(0);
          const stream = Buffer.concat(
            texts.map((text) => {
              const payload = Buffer.concat([Buffer.from(`${stamp} `), text]);
              const header = Buffer.alloc(8);
              header.writeUInt32BE(payload.length, 4);
              return Buffer.concat([header, payload]);
            }),
          );
          const seen: Buffer[] = [];
          const reader = createFrameReader();
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            reader.push(stream.subarray(at, at + size), (readStamp, payload) => {
              expect(readStamp).toBe(stamp);
              seen.push(Buffer.from(payload));
            });
            at += size;
          }
          expect(seen).toEqual(texts.map((text) => Buffer.from(text)));
        },
      ),
    );
  });

  it('takes a payload without a time stamp whole', () => {
    const seen: [string, string][] = [];
    createFrameReader().push(Buffer.concat([frame('nospace'), frame(`${'x'.repeat(60)} y`)]), (stamp, payload) =>
      seen.push([stamp, payload.toString()]),
    );
    expect(seen).toEqual([
      ['', 'nospace'],
      ['', `${'x'.repeat(60)} y`],
    ]);
  });

  it('asks for nanoseconds', () => {
    expect(stampToSince('2026-11-20T23:19:49.150486302Z')).toBe('1795216789.150486302');
    expect(stampToSince('2026-11-21T01:19:49.5+02:00')).toBe('1795216789.500000000');
    expect(stampToSince('nonsense')).toBe('0');
  });
});
