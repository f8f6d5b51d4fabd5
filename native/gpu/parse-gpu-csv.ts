/**
 * Reads the CSV of `nvidia-smi --query-gpu=...`, with or without header and units. Rows are read one by one:
 * an error text or a dead GPU between them does not hide the others.
 */
import { readColumns, splitRow } from './csv-rows.ts';
import type { Column } from './csv-rows.ts';
import { splitProblems } from './error-texts.ts';
import { emptyFacts } from './facts.ts';
import type { Fault, GpuFacts, KnownProblem, SmiOutput } from './facts.ts';
import {
  bareToken,
  isAbsent,
  isFaultWord,
  normalizeBusId,
  readCount,
  readMask,
  readMiB,
  readNumber,
  readSwitch,
  readText,
  throttleNames,
} from './values.ts';

/** Names that differ between drivers, and the aliases nvidia-smi accepts. */
const ALIASES: Readonly<Record<string, string>> = {
  gpu_name: 'name',
  gpu_uuid: 'uuid',
  gpu_bus_id: 'pci.bus_id',
  gpu_serial: 'serial',
  'clocks_throttle_reasons.active': 'clocks_event_reasons.active',
};

const MIB_FIELDS = {
  'memory.total': 'memoryTotalMiB',
  'memory.used': 'memoryUsedMiB',
  'memory.free': 'memoryFreeMiB',
  'memory.reserved': 'memoryReservedMiB',
} as const;
const TEXT_FIELDS = {
  driver_version: 'driverVersion',
  compute_mode: 'computeMode',
  'driver_model.current': 'driverModel',
  'mig.mode.current': 'migMode',
  persistence_mode: 'persistenceMode',
  name: 'name',
  uuid: 'uuid',
  'pci.bus_id': 'busId',
} as const;

/** A fault word in one of these means that the GPU itself is in trouble. Power is not among them: laptops answer it with [Unknown Error] for ever. */
const TELLING = new Set([
  'utilization.gpu',
  'temperature.gpu',
  'pstate',
  'uuid',
  'name',
  'pci.bus_id',
  'memory.total',
  'memory.used',
  'memory.free',
]);

/** @returns the canonical name of a field */
export function canonicalField(field: string): string {
  return ALIASES[field] ?? field;
}

type Cells = ReadonlyMap<string, { readonly raw: string; readonly unit: string }>;

function readFaults(cells: Cells): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [field, { raw }] of cells) {
    const token = bareToken(raw);
    const anywhere = /^GPU (?:is lost|requires)/i.test(token);
    if (anywhere) faults.push({ field, token });
    else if (TELLING.has(field) && isFaultWord(raw)) faults.push({ field, token });
    else if ((field === 'utilization.gpu' || field === 'temperature.gpu') && readNumber(raw) === null && !isAbsent(raw))
      faults.push({ field, token });
    else if (field === 'pstate' && !/^P\d+$/.test(raw.trim()) && !isAbsent(raw)) faults.push({ field, token });
  }
  return faults;
}

/** Numbers as they are; the first of several fields that holds one. */
function firstNumber(cells: Cells, fields: readonly string[]): number | null {
  for (const field of fields) {
    const value = readNumber(cells.get(field)?.raw);
    if (value !== null) return value;
  }
  return null;
}

/** Fields whose word is kept when it is no number. */
const NUMERIC: readonly (readonly [string, string])[] = [
  ['memory.total', 'memoryTotalMiB'],
  ['memory.used', 'memoryUsedMiB'],
  ['memory.free', 'memoryFreeMiB'],
  ['memory.reserved', 'memoryReservedMiB'],
  ['utilization.gpu', 'utilizationPct'],
  ['temperature.gpu', 'temperatureC'],
  ['power.draw', 'powerW'],
];

/** @param cells the values of one row by canonical field name */
function readGpu(order: number, cells: Cells): GpuFacts {
  const raw = (field: string): string | undefined => cells.get(field)?.raw;
  const mib = (field: keyof typeof MIB_FIELDS): number | null => readMiB(raw(field), cells.get(field)?.unit);
  const text = (field: keyof typeof TEXT_FIELDS): string | null => readText(raw(field));
  const tokens: Record<string, string> = {};
  for (const [field, name] of NUMERIC) {
    const value = raw(field);
    if (value !== undefined && readNumber(value) === null) tokens[name] = value.trim();
  }
  const mask = readMask(raw('clocks_event_reasons.active'));
  const pstate = raw('pstate')?.trim() ?? '';
  const recovery = raw('gpu_recovery_action')?.trim();
  return {
    ...emptyFacts(order),
    index: readCount(raw('index')),
    uuid: text('uuid'),
    name: text('name'),
    busId: text('pci.bus_id'),
    memoryTotalMiB: mib('memory.total'),
    memoryUsedMiB: mib('memory.used'),
    memoryFreeMiB: mib('memory.free'),
    memoryReservedMiB: mib('memory.reserved'),
    utilizationPct: readNumber(raw('utilization.gpu')),
    temperatureC: readNumber(raw('temperature.gpu')),
    powerW: firstNumber(cells, ['power.draw', 'power.draw.instant', 'power.draw.average']),
    powerLimitW: firstNumber(cells, ['enforced.power.limit', 'power.limit']),
    pstate: /^P\d+$/.test(pstate) ? pstate : null,
    driverVersion: text('driver_version'),
    computeMode: text('compute_mode'),
    driverModel: text('driver_model.current'),
    migMode: text('mig.mode.current'),
    persistenceMode: text('persistence_mode'),
    displayActive: readSwitch(raw('display_active')),
    // "None" is an answer here: no action is needed.
    recoveryAction: recovery === 'None' ? 'None' : readText(recovery),
    throttleActive: mask,
    throttleReasons: mask === null ? null : throttleNames(mask),
    tokens,
    faults: readFaults(cells),
  };
}

function toCells(values: readonly string[], columns: readonly Column[]): Cells {
  const cells = new Map<string, { raw: string; unit: string }>();
  columns.forEach(({ field, unit }, position) => {
    const name = canonicalField(field);
    if (!cells.has(name)) cells.set(name, { raw: values[position] ?? '', unit });
  });
  return cells;
}

/** A line about one GPU precedes its row; give a row without identity the bus id of that line, and its fault. */
function claimProblem(gpu: GpuFacts, problems: readonly KnownProblem[], claimed: Set<KnownProblem>): GpuFacts {
  const own = problems.find(
    (problem) =>
      problem.busId !== null &&
      !claimed.has(problem) &&
      (gpu.busId === null ? gpu.uuid === null || gpu.faults.length > 0 : normalizeBusId(gpu.busId) === problem.busId),
  );
  if (own === undefined) return gpu;
  claimed.add(own);
  return { ...gpu, busId: gpu.busId ?? own.busId, faults: [...gpu.faults, { field: 'device', token: own.text }] };
}

/** A loop (-l) prints the same GPU again and again: the last row is the present one. Masked UUIDs may repeat, so all of the identity must agree. */
function addRow(gpus: GpuFacts[], gpu: GpuFacts, warnings: string[]): void {
  const at = gpus.findIndex(
    (other) =>
      gpu.uuid !== null &&
      other.uuid === gpu.uuid &&
      other.index === gpu.index &&
      other.busId === gpu.busId &&
      (gpu.index !== null || gpu.busId !== null),
  );
  if (at < 0) {
    gpus.push(gpu);
    return;
  }
  warnings.push(`GPU ${gpu.index ?? gpu.busId} is listed more than once; the last row counts`);
  gpus[at] = { ...gpu, order: at };
}

/**
 * @param text stdout
 * @param asked the fields that were asked for, in order; null = the first row must be the header
 */
export function parseGpuCsv(text: string, asked: readonly string[] | null): SmiOutput {
  const { problems, rest } = splitProblems(text);
  const warnings: string[] = [];
  const header = rest.find(isGpuHeader);
  const columns = header !== undefined ? readColumns(header) : asked === null ? null : readColumns(asked.join(','));
  const rows = rest.filter((line) => line !== header);
  const gpus: GpuFacts[] = [];
  const claimed = new Set<KnownProblem>();
  if (columns === null) {
    if (rows.length > 0)
      warnings.push(
        'rows without a header: the order of the columns is not known. Leave out "noheader", or say which fields were asked for.',
      );
  } else {
    const nameAt = columns.findIndex(({ field }) => canonicalField(field) === 'name');
    for (const row of rows) {
      const values = splitRow(row, columns, nameAt);
      if (values === null)
        warnings.push(`row skipped, ${columns.length} values were expected: ${row.trim().slice(0, 200)}`);
      else addRow(gpus, claimProblem(readGpu(gpus.length, toCells(values, columns)), problems, claimed), warnings);
    }
  }
  // A GPU that is named in an error line and has no row at all still exists.
  for (const problem of problems) {
    if (problem.busId === null || claimed.has(problem)) continue;
    gpus.push({ ...emptyFacts(gpus.length), busId: problem.busId, faults: [{ field: 'device', token: problem.text }] });
  }
  return {
    gpus,
    processes: [],
    driverVersion: gpus.find((gpu) => gpu.driverVersion !== null)?.driverVersion ?? null,
    problems,
    warnings,
  };
}

/** Fields of a GPU query; any other may stand beside them. */
const GPU_FIELD = new RegExp(
  `^(?:${[
    '(?:gpu_)?(?:uuid|name|bus_id|serial)',
    'index|count|driver_version|compute_mode|compute_cap|persistence_mode|display_active|pstate|gpu_recovery_action',
    '(?:memory|utilization|temperature|power|pci|clocks|mig|fan|ecc|driver_model)[.]\\w.*',
    '(?:clocks_event_reasons|clocks_throttle_reasons)[.]\\w.*',
  ].join('|')})$`,
);

/** @returns true when the line is the header of a GPU query: names only, at least one of them known */
export function isGpuHeader(line: string): boolean {
  const fields = readColumns(line).map(({ field }) => field);
  return (
    fields.every((field) => /^[a-z][\w.]*$/.test(field)) &&
    !fields.includes('pid') &&
    fields.some((field) => GPU_FIELD.test(field))
  );
}
