import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enforceLogCap, rangeToDrop } from '../../../../electron/trials/log/log-cap.ts';
import { followLog } from '../../../../electron/trials/log/log-follow.ts';
import { writeHoles } from '../../../../electron/trials/log/log-holes.ts';
import { searchLog } from '../../../../electron/trials/log/log-search.ts';
import { logFacts, readLogRange, streamLog } from '../../../../electron/trials/log/log-store.ts';
import { punchHole } from '../../../../native/host/punch-hole.ts';

let dir: string;
let logPath: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-log-'));
  logPath = path.join(dir, 'attempt.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Whether this file system gives blocks back; without it the cap cannot work and says so. */
const canPunch = ((): boolean => {
  const probeDir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-probe-'));
  try {
    const probe = path.join(probeDir, 'probe');
    writeFileSync(probe, Buffer.alloc(16_384, 1));
    execFileSync('fallocate', ['--punch-hole', '--offset', '4096', '--length', '4096', probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probeDir, { recursive: true });
  }
})();

describe('readLogRange', () => {
  it('has nothing to read before the program wrote anything', async () => {
    expect(await logFacts(logPath)).toEqual({ totalBytes: 0, dropped: [] });
    expect(await readLogRange(logPath, -100)).toMatchObject({ offset: 0, next: 0, totalBytes: 0 });
    expect(await searchLog({ logPath, query: 'x', from: 0, limit: 1 })).toEqual({ hits: [], more: false, next: 0 });
  });

  it('reads from the start, from the middle, from the end and beyond it', async () => {
    writeFileSync(logPath, 'hello wörld\n');
    expect((await readLogRange(logPath, 0)).data.toString()).toBe('hello wörld\n');
    expect(await readLogRange(logPath, 3, 2)).toMatchObject({
      offset: 3,
      next: 5,
      totalBytes: 13,
      data: Buffer.from('lo'),
    });
    expect(await readLogRange(logPath, -4)).toMatchObject({ offset: 9, next: 13, data: Buffer.from('rld\n') });
    expect(await readLogRange(logPath, -1000)).toMatchObject({ offset: 0, next: 13 });
    expect(await readLogRange(logPath, 99)).toMatchObject({ offset: 13, next: 13, data: Buffer.alloc(0) });
  });

  it('never shows bytes of a dropped range, wherever a read starts', async () => {
    const text = Buffer.from(Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join(''));
    const hole = { from: 4096, to: 12_288 };
    const sparse = Buffer.from(text).fill(0, hole.from, hole.to);
    writeFileSync(logPath, sparse);
    await writeHoles(logPath, [hole]);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: text.length }),
        fc.integer({ min: 1, max: 9000 }),
        async (offset, limit) => {
          const slice = await readLogRange(logPath, offset, limit);
          expect(slice.data.equals(text.subarray(slice.offset, slice.offset + slice.data.length))).toBe(true);
          expect(slice.data.includes(0)).toBe(false);
          expect(slice.offset).toBe(offset >= hole.from && offset < hole.to ? hole.to : offset);
          expect(slice.next === slice.offset + slice.data.length || slice.next === hole.to).toBe(true);
          expect(slice.dropped.length).toBe(
            slice.offset > offset || slice.next > slice.offset + slice.data.length ? 1 : 0,
          );
        },
      ),
      { numRuns: 200 },
    );
    const parts: Buffer[] = [];
    for await (const part of streamLog(logPath)) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe(
      `${text.subarray(0, 4096).toString()}\n[8,192 bytes dropped here: the log had reached its cap]\n${text.subarray(12_288).toString()}`,
    );
  });

  it('reads the end of a 300 MB log, and searches all of it, while the event loop goes on', async () => {
    const file = await open(logPath, 'w');
    const block = Buffer.from('step 1 loss 0.123456789 lorem ipsum dolor sit amet consectetur\n'.repeat(16_384));
    for (let i = 0; i < 300; i++) await file.write(block);
    await file.write('the last line: CUDA out of memory\n');
    await file.close();
    const tail = await readLogRange(logPath, -200);
    expect(tail.data.toString().trimEnd().endsWith('CUDA out of memory')).toBe(true);
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
    }, 1);
    const found = await searchLog({ logPath, query: 'cuda OUT of', from: 0, limit: 10 });
    clearInterval(timer);
    expect(found.hits).toEqual([{ offset: 300 * block.length, line: 'the last line: CUDA out of memory' }]);
    expect(turns).toBeGreaterThan(100);
  });
});

describe('searchLog', () => {
  it('gives one hit per line with its byte offset, and goes on from there', async () => {
    writeFileSync(logPath, 'Äpfel one\nerror: one error\r\nprogress 1\rprogress 2 ERROR\nno\nerror');
    const all = await searchLog({ logPath, query: 'error', from: 0, limit: 10 });
    expect(all.hits).toEqual([
      { offset: 11, line: 'error: one error' },
      { offset: 40, line: 'progress 2 ERROR' },
      { offset: 60, line: 'error' },
    ]);
    expect(all.more).toBe(false);
    const first = await searchLog({ logPath, query: 'error', from: 0, limit: 1 });
    expect(first).toMatchObject({ more: true, next: 40, hits: [{ offset: 11 }] });
    expect((await searchLog({ logPath, query: 'error', from: first.next, limit: 1 })).hits[0]?.offset).toBe(40);
    expect((await searchLog({ logPath, query: 'äPFEL', from: 0, limit: 10 })).hits).toEqual([
      { offset: 0, line: 'Äpfel one' },
    ]);
  });

  it('agrees with a naive search, also across the pieces it reads', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) =>
      i % 977 === 0 ? `hit ${i} Needle` : `line ${i} ${'x'.repeat(i % 30)}`,
    );
    writeFileSync(logPath, lines.join('\n'));
    const found = await searchLog({ logPath, query: 'needle', from: 0, limit: 1000 });
    expect(found.hits.map((hit) => hit.line)).toEqual(lines.filter((line) => line.includes('Needle')));
  });

  it('finds what stands across a cut in a log without line ends, in 500 characters', async () => {
    const bytes = Buffer.alloc(2_000_000, 0x61);
    for (const at of [5, 65_534, 262_140, 1_999_990]) bytes.write('NEEDLE', at);
    writeFileSync(logPath, bytes);
    const { hits } = await searchLog({ logPath, query: 'needle', from: 0, limit: 100 });
    expect(hits.length).toBeGreaterThanOrEqual(3);
    for (const hit of hits) {
      expect(hit.line).toContain('NEEDLE');
      expect(hit.line.length).toBeLessThanOrEqual(500);
    }
  });
});

describe('followLog', () => {
  const collect = (offset = 0) => {
    const stop = new AbortController();
    const ended = new AbortController();
    const chunks: { offset: number; data: Buffer }[] = [];
    const dropped: { from: number; to: number }[] = [];
    const waiters: (() => void)[] = [];
    const done = followLog({
      logPath,
      offset,
      signal: stop.signal,
      ended: ended.signal,
      onChunk: (chunk) => {
        chunks.push(chunk);
        for (const wake of waiters.splice(0)) wake();
      },
      onDropped: (range) => {
        dropped.push(range);
      },
    });
    const text = () => Buffer.concat(chunks.map((chunk) => chunk.data)).toString();
    const until = async (wanted: string): Promise<void> => {
      while (!text().endsWith(wanted))
        await new Promise<void>((resolve) => {
          waiters.push(resolve);
        });
    };
    return { stop, ended, chunks, dropped, done, text, until };
  };

  it('waits for a file that does not exist yet, delivers what is appended, and ends with the attempt', async () => {
    const follow = collect();
    writeFileSync(logPath, 'one\n');
    await follow.until('one\n');
    appendFileSync(logPath, 'two\n');
    await follow.until('two\n');
    appendFileSync(logPath, 'last words');
    follow.ended.abort();
    expect(await follow.done).toEqual({ next: 18, ended: true });
    expect(follow.text()).toBe('one\ntwo\nlast words');
  });

  it('starts at any byte, also from the end, and stops when its listener goes', async () => {
    writeFileSync(logPath, '0123456789');
    const follow = collect(-3);
    await follow.until('789');
    follow.stop.abort();
    expect(await follow.done).toEqual({ next: 10, ended: false });
    expect(follow.chunks[0]?.offset).toBe(7);
  });

  it('delivers 20 MB in small pieces and in order to a slow listener', async () => {
    const data = randomBytes(20_000_000);
    writeFileSync(logPath, data);
    const received: Buffer[] = [];
    const result = await followLog({
      logPath,
      offset: 0,
      signal: new AbortController().signal,
      ended: AbortSignal.abort(),
      onDropped: () => {},
      onChunk: async ({ data: piece }) => {
        expect(piece.length).toBeLessThanOrEqual(65_536);
        await new Promise(setImmediate);
        received.push(piece);
      },
    });
    expect(result).toEqual({ next: data.length, ended: true });
    expect(Buffer.concat(received).equals(data)).toBe(true);
  });

  it.skipIf(!canPunch)('says which bytes the cap dropped before they were read', async () => {
    const line = `${'x'.repeat(63)}\n`;
    writeFileSync(logPath, line.repeat(32_768));
    await enforceLogCap(logPath, 1024 * 1024, punchHole);
    const follow = collect();
    follow.ended.abort();
    await follow.done;
    expect(follow.dropped).toEqual([{ from: 262_144, to: 1_572_864 }]);
    expect(follow.text()).toBe(line.repeat(4096 + 8192));
  });
});

describe('enforceLogCap', () => {
  it('is in keeping with its cap after every step, and its range only grows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 65_536, max: 10_000_000 }),
        fc.array(fc.integer({ min: 1, max: 20_000_000 }), { minLength: 1, maxLength: 20 }),
        (cap, growth) => {
          let total = 0;
          let range: { from: number; to: number } | null = null;
          for (const more of growth) {
            total += more;
            const next: { from: number; to: number } | null = rangeToDrop(total, cap, range === null ? [] : [range]);
            expect(next === null || range === null || (next.from <= range.from && next.to >= range.to)).toBe(true);
            range = next ?? range;
            expect(total - (range === null ? 0 : range.to - range.from)).toBeLessThanOrEqual(cap);
            expect(
              range === null ||
                (range.from % 4096 === 0 && range.to % 4096 === 0 && range.from >= cap / 4 && range.to < total),
            ).toBe(true);
          }
        },
      ),
    );
  });

  it.skipIf(!canPunch)('frees the middle while the writer goes on, and keeps every offset', async () => {
    const cap = 8 * 1024 * 1024;
    const writer = await open(logPath, 'a');
    const line = (i: number): string => `${String(i).padStart(15, '0')}\n`;
    const batch = (start: number): string => Array.from({ length: 131_072 }, (_, i) => line(start + i)).join('');
    for (let i = 0; i < 20; i++) {
      await writer.write(batch(i * 131_072));
      expect(await enforceLogCap(logPath, cap, punchHole)).toMatchObject({ supported: true });
    }
    await writer.close();
    const facts = await logFacts(logPath);
    expect(facts.totalBytes).toBe(20 * 131_072 * 16);
    expect(facts.dropped).toHaveLength(1);
    expect(statSync(logPath).blocks * 512).toBeLessThanOrEqual(cap + 65_536);
    expect((await readLogRange(logPath, 0, 16)).data.toString()).toBe(line(0));
    const to = facts.dropped[0]?.to ?? 0;
    expect((await readLogRange(logPath, to, 16)).data.toString()).toBe(line(to / 16));
    expect((await readLogRange(logPath, -16)).data.toString()).toBe(line(20 * 131_072 - 1));
    expect((await searchLog({ logPath, query: line(20 * 131_072 - 1).trim(), from: 0, limit: 5 })).hits).toHaveLength(
      1,
    );
  });

  it('does nothing below the cap and says why when it cannot', async () => {
    writeFileSync(logPath, 'short');
    expect(await enforceLogCap(logPath, 1024, punchHole)).toEqual({ supported: true, dropped: [], changed: false });
    writeFileSync(logPath, Buffer.alloc(1_000_000, 120));
    const before = process.env['PATH'];
    process.env['PATH'] = dir;
    try {
      expect(await enforceLogCap(logPath, 65_536, punchHole)).toMatchObject({
        supported: false,
        reason: expect.stringContaining('fallocate'),
      });
    } finally {
      process.env['PATH'] = before;
    }
    expect((await logFacts(logPath)).dropped).toEqual([]);
  });
});
