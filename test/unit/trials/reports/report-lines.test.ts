/** What a trial writes is joined to directories and kept by name: only what is safe for both is understood. */
import { expect, test } from 'vitest';
import { isCheckpointName, parseReportLine } from '../../../../electron/trials/reports/report-lines.ts';

test('a checkpoint is one visible component of a path', () => {
  for (const name of ['step-12', 'a b', 'ä', 'x'.repeat(255)]) expect(isCheckpointName(name)).toBe(true);
  for (const name of [
    '',
    '.',
    '..',
    '.hidden',
    'a/b',
    '/etc',
    'a\\b',
    'a\nb',
    'a\u0000',
    'x'.repeat(256),
    'ä'.repeat(128),
  ])
    expect(isCheckpointName(name)).toBe(false);
  expect(parseReportLine('{"t":"checkpoint","path":"../../x"}')).toBeNull();
});

test('names of metrics are data: none of them reaches the object that holds the values', () => {
  const line =
    '{"t":"metrics","step":1,"values":{"__proto__":{"polluted":1},"__proto__":5,"constructor":2," ":3,"loss":4}}';
  const report = parseReportLine(line);
  expect(report).toMatchObject({ t: 'metrics', values: { loss: 4 } });
  if (report?.t !== 'metrics') throw new Error('no metrics');
  expect(Object.keys(report.values).sort()).toEqual(['constructor', 'loss']);
  expect(Object.getPrototypeOf(report.values)).toBe(Object.prototype);
  expect(parseReportLine('{"t":"metrics","step":1,"values":{"__proto__":NaN}}')).toMatchObject({ nonFinite: [] });
});
