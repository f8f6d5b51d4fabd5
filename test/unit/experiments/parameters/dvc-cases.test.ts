/** Outcomes of DVC's own `-S` as extra rows; the file lies beside the checkout and the suite is skipped where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { OverrideError } from '../../../../electron/experiments/parameters/override.ts';
import type { Sweep } from '../../../../electron/experiments/parameters/override.ts';
import { parseOverride } from '../../../../electron/experiments/parameters/parse-override.ts';
import { changeFile } from '../../../../electron/experiments/parameters/change-file.ts';
import { DEFAULT_FILE, parseByFile, splitByFile } from '../../../../electron/experiments/parameters/split-files.ts';
import { expandSweeps, hasSweep } from '../../../../electron/experiments/parameters/sweep.ts';
import { Quoted, writeFloat } from '../../../../electron/experiments/parameters/value.ts';
import type { Element, Value } from '../../../../electron/experiments/parameters/value.ts';

interface ParseCase {
  readonly override: string;
  readonly error?: string;
  readonly type?: string;
  readonly key?: string;
  readonly package?: string | null;
  readonly valueType?: string | null;
  readonly value?: unknown;
}
type Files = Record<string, string>;
interface FileCase {
  readonly id: string;
  readonly fileFormat: string;
  readonly overrides: string[];
  readonly queue: boolean;
  readonly before?: string;
  readonly beforeFiles?: Files;
  readonly afterData?: unknown;
  readonly error?: unknown;
  readonly sweep?: readonly { overrides: Record<string, string[]>; afterData: unknown }[];
}
interface Cases {
  readonly cases: readonly FileCase[];
  readonly valueCases: readonly ParseCase[];
  readonly keyCases: readonly ParseCase[];
  readonly cliSplitCases: readonly { args: string[]; byFile: Record<string, string[]> }[];
}

const file = path.resolve('../shared/cases/params-dvc.json');
const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Cases) : null;

/** An element in the encoding of the case file: floats that JSON would take for integers are marked. */
function encode(element: Element): unknown {
  if (element instanceof Quoted) return { $quoted: element.text };
  if (typeof element === 'bigint') return Number(element);
  if (typeof element === 'number')
    return Number.isInteger(element) || !Number.isFinite(element) ? { $float: writeFloat(element) } : element;
  if (Array.isArray(element)) return element.map((item) => encode(item as Element));
  if (element instanceof Map)
    return { $dict: [...element].map(([key, value]) => [encode(key as Element), encode(value as Element)]) };
  return element;
}
function encodeSweep(sweep: Sweep): unknown {
  switch (sweep.kind) {
    case 'choice':
      return { $choice: sweep.items.map(encode), simple: sweep.simple, shuffle: sweep.shuffle, tags: sweep.tags };
    case 'range':
      return { $range: [sweep.start, sweep.stop, sweep.step].map(encode), shuffle: sweep.shuffle, tags: sweep.tags };
    case 'interval':
      return { $interval: [sweep.start, sweep.end], tags: sweep.tags };
    case 'glob':
      return { $glob: { include: sweep.include, exclude: sweep.exclude } };
  }
}
const TYPES: Record<string, string> = { CHANGE: 'change', DEL: 'delete', ADD: 'add', FORCE_ADD: 'force' };

/** Outcomes of DVC that its notes name as faults, and what is right instead. */
const BETTER: Record<string, unknown> = {
  'py-036': { NAME: 'b' },
  'py-037': { INT: 1, NEW: 2 },
  'py-038': { A: 1 },
  'yaml-105': {
    train: { lr: 0.001, epochs: 10, layers: [64], amp: true },
    model: { name: 'resnet18', dropout: null },
    seed: 42,
  },
  // The mapping that merges the anchor follows it; it is not given a stale copy.
  'yaml-116': { base: { lr: 5 }, use: { lr: 5, k: 2 } },
};

/** A value as `afterData` has it: JSON, dates as text. */
function asData(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $float: writeFloat(value) };
  if (Array.isArray(value)) return value.map((item) => asData(item as Value));
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [String(key), asData(item as Value)]));
  return value;
}
const undate = (data: unknown): unknown =>
  JSON.parse(JSON.stringify(data), (_, item: unknown) =>
    typeof item === 'object' && item !== null && '$date' in item ? item.$date : item,
  );
const DEFAULT_NAMES: Record<string, string> = {
  yaml: 'params.yaml',
  json: 'params.json',
  toml: 'params.toml',
  py: 'params.py',
};

/** Every variant: the texts of its overrides and the data of its files afterwards. */
function run(given: FileCase): { overrides: Record<string, string[]>; data: unknown }[] {
  const name = DEFAULT_NAMES[given.fileFormat] as string;
  const before = given.beforeFiles ?? { [name]: given.before ?? '' };
  const files = parseByFile(given.overrides, DEFAULT_FILE, Math.random);
  if (!given.queue && hasSweep(files)) throw new OverrideError('', 'a sweep');
  return expandSweeps(files, Math.random).map((variant) => {
    const data = Object.fromEntries(
      variant.map(({ file: target, overrides }) => [
        target,
        asData(changeFile(target, before[target] ?? '', overrides).values),
      ]),
    );
    return {
      overrides: Object.fromEntries(
        variant.map(({ file: target, overrides }) => [target, overrides.map(({ text }) => text)]),
      ),
      data: given.beforeFiles === undefined ? Object.values(data)[0] : data,
    };
  });
}

describe.skipIf(cases === null)('files as DVC changes them (skipped where ../shared/cases is absent)', () => {
  it.each(cases?.cases ?? [])('$id $overrides', (given) => {
    if (given.id in BETTER) {
      expect(run(given)[0]?.data).toEqual(BETTER[given.id]);
      return;
    }
    if (given.error !== undefined) {
      expect(() => run(given)).toThrow(OverrideError);
      return;
    }
    const got = run(given);
    if (given.sweep === undefined) {
      expect(got.map(({ data }) => data)).toEqual([undate(given.afterData)]);
      return;
    }
    const wanted = given.sweep.map(({ overrides, afterData }) => ({ overrides, data: undate(afterData) }));
    if (given.overrides.some((text) => text.includes('shuffle'))) {
      const byText = (a: unknown, b: unknown): number => JSON.stringify(a).localeCompare(JSON.stringify(b));
      expect(got.toSorted(byText)).toEqual(wanted.toSorted(byText));
    } else expect(got).toEqual(wanted);
  });
});

describe.skipIf(cases === null)('overrides as DVC reads them (skipped where ../shared/cases is absent)', () => {
  it.each([...(cases?.valueCases ?? []), ...(cases?.keyCases ?? [])])('$override', (given) => {
    if (given.error !== undefined) {
      expect(() => parseOverride(given.override)).toThrow(OverrideError);
      return;
    }
    const got = parseOverride(given.override);
    if (given.type !== undefined) {
      expect(got).toMatchObject({ kind: TYPES[given.type], key: given.key, package: given.package });
    }
    if (given.valueType === null) expect(got.value).toBeUndefined();
    else {
      const value = got.value as NonNullable<typeof got.value>;
      expect('element' in value ? encode(value.element) : encodeSweep(value.sweep)).toEqual(given.value);
    }
  });

  it.each(cases?.cliSplitCases ?? [])('files of $args', ({ args, byFile }) => {
    expect(Object.fromEntries(splitByFile(args, DEFAULT_FILE))).toEqual(byFile);
  });
});
