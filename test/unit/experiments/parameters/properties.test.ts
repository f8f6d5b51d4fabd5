/** What is written reads back as it was, for any value: in an override, and in each format of files. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeFile, formatOf } from '../../../../electron/experiments/parameters/change-file.ts';
import { floatRange } from '../../../../electron/experiments/parameters/decimal.ts';
import { parseOverride } from '../../../../electron/experiments/parameters/parse-override.ts';
import { plain, Quoted, same, writeFloat } from '../../../../electron/experiments/parameters/value.ts';
import type { Element, Value } from '../../../../electron/experiments/parameters/value.ts';
import { writeElement } from '../../../../electron/experiments/parameters/write-override.ts';

const quoted = fc
  .tuple(fc.string({ unit: 'grapheme' }), fc.constantFrom("'" as const, '"' as const))
  .map(([text, quote]) => new Quoted(text, quote));
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  quoted,
);
const key = fc
  .stringMatching(/^[a-z_][a-z0-9_]{0,6}$/)
  .filter((word) => !['null', 'true', 'false', 'inf', 'nan'].includes(word));
const { element } = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('element'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(key, tie('element')), { selector: ([name]) => name, maxLength: 4 })
      .map((entries) => new Map(entries)),
  ),
}));

it('an override reads back', () => {
  fc.assert(
    fc.property(element, (value) => {
      const read = parseOverride(`a.b=${writeElement(value)}`).value;
      expect(read !== undefined && 'element' in read && same(plain(read.element), plain(value))).toBe(true);
    }),
  );
});

const hasNull = (value: Value): boolean =>
  value === null ||
  (Array.isArray(value) && value.some((item) => hasNull(item as Value))) ||
  (value instanceof Map && [...value.values()].some((item) => hasNull(item as Value)));

describe.each(['p.yaml', 'p.json', 'p.toml', 'p.py'])('%s', (file) => {
  it('holds any value that is added, and any that takes its place', () => {
    fc.assert(
      fc.property(element, element, (first, second) => {
        fc.pre(!(file === 'p.toml' && (hasNull(plain(first)) || hasNull(plain(second)))));
        fc.pre(!(plain(first) instanceof Map && plain(second) instanceof Map));
        const before = file === 'p.json' ? '{"keep": 1}' : file === 'p.yaml' ? 'keep: 1 # x\n' : 'keep = 1 # x\n';
        const added = changeFile(file, before, [parseOverride(`+k=${writeElement(first)}`)]);
        const changed = changeFile(file, added.text, [parseOverride(`k=${writeElement(second)}`)]);
        const wanted = new Map<string, Value>([
          ['keep', 1n],
          ['k', plain(second)],
        ]);
        expect(same(formatOf(file).read(changed.text), wanted)).toBe(true);
        const deleted = changeFile(file, changed.text, [parseOverride('~k')]);
        expect(deleted.text).toBe(before);
      }),
    );
  });
});

it('a float is written as Python writes it', () => {
  const cases: [number, string][] = [
    [10, '10.0'],
    [0.1, '0.1'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [1e16, '1e+16'],
    [123456789012345680, '1.2345678901234568e+17'],
    [-2.5, '-2.5'],
    [1e22, '1e+22'],
    [0, '0.0'],
    [-Infinity, '-inf'],
  ];
  for (const [value, text] of cases) expect(writeFloat(value)).toBe(text);
});

it('a range of floats never leaves its bounds, and counts as decimals do', () => {
  expect(floatRange(0, 1, 0.1, 100)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7000000000000001, 0.8, 0.9]);
  // As Python's decimal module counts them.
  expect(floatRange(0, 10, 3.3, 100)).toEqual([0, 3.3, 6.6, 9.9]);
  expect(floatRange(-1.5, 1, 0.37, 100)).toEqual([
    -1.5, -1.1300000000000001, -0.76, -0.39, -0.020000000000000018, 0.35, 0.72,
  ]);
  expect(floatRange(0.001, 0.01, 0.0017, 100)).toEqual([
    0.001, 0.0026999999999999997, 0.004399999999999999, 0.0060999999999999995, 0.0078, 0.0095,
  ]);
  fc.assert(
    fc.property(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ min: 1e-3, max: 10, noNaN: true }),
      fc.boolean(),
      (start, step, down) => {
        const stop = down ? start - 20 * step : start + 20 * step;
        const values = floatRange(start, stop, down ? -step : step, 100);
        expect(values.length).toBeGreaterThanOrEqual(20);
        expect(values.length).toBeLessThanOrEqual(21);
        expect(values.every((value) => (down ? value <= start && value > stop : value >= start && value < stop))).toBe(
          true,
        );
      },
    ),
  );
});
