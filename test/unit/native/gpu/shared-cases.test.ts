/** Runs the parsers over real captures that lie beside the checkout on some machines. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeCapture, understandCapture } from '../../../../native/gpu/understand-capture.ts';

const DIR = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../../../shared/cases/nvidia-smi');
const present = existsSync(path.join(DIR, 'index.json'));

/** Names of the case files -> ours. */
const NAMES: Readonly<Record<string, string>> = {
  memTotalMiB: 'memoryTotalMiB',
  memUsedMiB: 'memoryUsedMiB',
  memFreeMiB: 'memoryFreeMiB',
  memReservedMiB: 'memoryReservedMiB',
  utilGpuPct: 'utilizationPct',
  tempC: 'temperatureC',
  migDevices: 'mig',
  gi: 'gpuInstance',
  ci: 'computeInstance',
};

function rename(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rename);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [NAMES[key] ?? key, rename(entry)]));
}

function load(name: string): unknown {
  return JSON.parse(readFileSync(path.join(DIR, name), 'utf8')) as unknown;
}

interface Row {
  readonly file: string;
  readonly expected: {
    readonly gpuCount?: number;
    readonly processCount?: number;
    readonly [field: string]: unknown;
  } | null;
}

describe.skipIf(!present)('captures in ../shared/cases (skipped where the folder does not exist)', () => {
  const rows = present ? (load('index.json') as readonly Row[]) : [];
  const texts = present ? (load('error-texts.json') as readonly { readonly text: string }[]) : [];

  it.each(rows.map((row) => [row.file, row] as const))('%s', (file, { expected }) => {
    const understood = understandCapture([{ name: file, text: decodeCapture(readFileSync(path.join(DIR, file))) }]);
    // A file without expectations is a table for people: nothing is to be read from it.
    const { gpuCount, processCount, ...rest } = expected ?? { gpuCount: 0, processCount: 0 };
    expect(understood.gpus).toHaveLength(gpuCount ?? understood.gpus.length);
    expect(understood.processes).toHaveLength(processCount ?? understood.processes.length);
    expect(understood).toMatchObject(rename(rest) as object);
  });

  it.each(texts.map(({ text }) => [text]))('error text: %s', (text) => {
    const { problem, gpus } = understandCapture([{ name: 'x.txt', text }]);
    expect(problem?.text).toBe(text);
    expect(gpus.filter(({ health }) => health.ok)).toEqual([]);
  });
});
