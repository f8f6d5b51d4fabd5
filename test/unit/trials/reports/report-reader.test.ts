import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  MAX_REPORT_LINE_BYTES,
  parseReportLine,
  type ReportRecord,
} from '../../../../electron/trials/reports/report-lines.ts';
import { createReportReader } from '../../../../electron/trials/reports/report-reader.ts';

describe('parseReportLine', () => {
  it('reads the three kinds', () => {
    expect(parseReportLine('{"t":"metrics","step":12,"values":{"train/loss":0.5},"at_ms":1700000000000.4}')).toEqual({
      t: 'metrics',
      step: 12,
      values: { 'train/loss': 0.5 },
      nonFinite: [],
      atMs: 1_700_000_000_000,
    });
    expect(parseReportLine('{"t":"progress","value":1.5}')).toEqual({
      t: 'progress',
      value: 1,
      step: null,
      atMs: null,
    });
    expect(parseReportLine('{"t":"checkpoint","path":"step-1","step":1,"metrics":{"a":1},"extra":true}')).toEqual({
      t: 'checkpoint',
      name: 'step-1',
      step: 1,
      metrics: { a: 1 },
      atMs: null,
    });
  });

  it('keeps the news of a loss that is not a number', () => {
    const expected = { values: { b: 1 }, nonFinite: ['a', 'c'] };
    expect(parseReportLine('{"t":"metrics","step":1,"values":{"a":"NaN","b":1,"c":"-Infinity"}}')).toMatchObject(
      expected,
    );
    expect(parseReportLine('{"t": "metrics", "step": 1, "values": {"a": NaN, "b": 1, "c": -Infinity}}')).toMatchObject(
      expected,
    );
    expect(parseReportLine('{"t":"metrics","step":1,"values":{"NaN \\" Infinity":2,"x":NaN}}')).toMatchObject({
      values: { 'NaN " Infinity': 2 },
      nonFinite: ['x'],
    });
  });

  it('takes no time for a megabyte of quotes that never ends', () => {
    const startedMs = performance.now();
    for (const piece of ['\\"', '"', 'a\\\\', '"NaN'])
      expect(parseReportLine(`{"x":"${piece.repeat(1_000_000 / piece.length)}`)).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it.each(['1e300', '-1', '8640000000000001', 'NaN', '"soon"'])(
    'a time no clock shows (%s) counts as left out',
    (at) => {
      expect(parseReportLine(`{"t":"metrics","step":1,"at_ms":${at},"values":{"a":1}}`)).toMatchObject({
        values: { a: 1 },
        atMs: null,
      });
    },
  );

  it.each([
    '',
    'null',
    '[]',
    '{"t":"metrics","values":{"a":1}}',
    '{"t":"metrics","step":NaN,"values":{}}',
    '{"t":"progress"}',
    '{"t":"progress","value":NaN}',
    '{"t":"checkpoint","path":"../../etc"}',
    '{"t":"checkpoint","path":".hidden"}',
    '{"t":"checkpoint","path":"a\\u0000b"}',
    '{"t":"other"}',
    '{"t":"metrics"',
  ])('%j is not a record', (line) => {
    expect(parseReportLine(line)).toBeNull();
  });

  it('drops names that are empty, endless or special, and values that are no numbers', () => {
    expect(
      parseReportLine(
        `{"t":"metrics","step":1,"values":{"${'x'.repeat(201)}":1," ":1,"__proto__":1,"s":"text","n":null,"ok":1}}`,
      ),
    ).toMatchObject({ values: { ok: 1 }, nonFinite: [] });
  });

  it('is total', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"t":"metrics","step":1,"values":${json}}`),
        ),
        (line) => {
          const record = parseReportLine(line);
          expect(record === null || typeof record.t === 'string').toBe(true);
        },
      ),
    );
  });
});

describe('createReportReader', () => {
  let dir: string;
  let filePath: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-report-'));
    filePath = path.join(dir, 'reports.jsonl');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const progress = (value: number): string => `{"t":"progress","value":${value}}\n`;
  function collect(offset = 0, refuse: () => boolean = () => false) {
    const values: number[] = [];
    const errors: unknown[] = [];
    const seen = { newOffset: offset, skipped: 0 };
    let wake = (): void => {};
    const reader = createReportReader({
      filePath,
      offset,
      onError: (error) => {
        errors.push(error);
      },
      onRecords: (records: readonly ReportRecord[], newOffset, skipped) => {
        if (refuse()) throw new Error('database is locked');
        values.push(...records.flatMap((record) => (record.t === 'progress' ? [record.value] : [])));
        seen.newOffset = newOffset;
        seen.skipped += skipped;
        wake();
      },
    });
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition())
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    };
    return { reader, values, errors, seen, until };
  }

  it('follows a file from before it exists, half lines included, to its last line without an end', async () => {
    const { reader, values, seen, until } = collect();
    writeFileSync(filePath, progress(0.1));
    await until(() => values.length === 1);
    appendFileSync(filePath, progress(0.2) + progress(0.3).slice(0, 8));
    await until(() => values.length === 2);
    appendFileSync(filePath, progress(0.3).slice(8) + progress(0.4).trimEnd());
    await until(() => values.length === 3);
    await reader.drain();
    expect(values).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect(seen).toEqual({ newOffset: progress(0.1).length * 4 - 1, skipped: 0 });
  });

  it('goes on from an offset, skips what it does not understand and counts it', async () => {
    writeFileSync(filePath, `${progress(0.1)}garbage\n\n${progress(0.2)}{"t":"progr`);
    const { reader, values, seen } = collect(progress(0.1).length);
    await reader.drain();
    expect(values).toEqual([0.2]);
    expect(seen.skipped).toBe(2);
  });

  it('skips one line longer than 1 MiB as one line, whatever its length', async () => {
    for (const giant of [MAX_REPORT_LINE_BYTES + 1, 3 * MAX_REPORT_LINE_BYTES + 7]) {
      writeFileSync(filePath, `${progress(0.1)}${'x'.repeat(giant)}\n${progress(0.2)}`);
      const { reader, values, seen } = collect();
      await reader.drain();
      expect(values).toEqual([0.1, 0.2]);
      expect(seen.skipped).toBe(1);
    }
  });

  it('hands a refused batch over again', async () => {
    writeFileSync(filePath, progress(0.1) + progress(0.2));
    let refusals = 2;
    const { reader, values, errors } = collect(0, () => refusals-- > 0);
    await reader.drain();
    expect(values).toEqual([0.1, 0.2]);
    expect(errors).toHaveLength(2);
  });

  it('reads 100,000 lines in order', async () => {
    writeFileSync(filePath, Array.from({ length: 100_000 }, (_, i) => progress(i / 100_000)).join(''));
    const { reader, values } = collect();
    await reader.drain();
    expect(values).toHaveLength(100_000);
    expect(values.every((value, i) => value === i / 100_000)).toBe(true);
  });

  it('is neither led elsewhere by a link nor held up by a pipe', async () => {
    writeFileSync(path.join(dir, 'elsewhere'), progress(0.5));
    symlinkSync(path.join(dir, 'elsewhere'), filePath);
    const linked = collect();
    await linked.reader.drain();
    expect(linked.values).toEqual([]);
    rmSync(filePath);
    execFileSync('mkfifo', [filePath]);
    const piped = collect();
    await piped.reader.drain();
    expect(piped.values).toEqual([]);
  });
});
