/**
 * Reads the CSV of `nvidia-smi --query-compute-apps=...`. The process name is free text: it may hold commas, quotes,
 * blanks and nothing at all, so the row is cut around it.
 */
import { readColumns, splitRow } from './csv-rows.ts';
import type { Column } from './csv-rows.ts';
import { splitProblems } from './error-texts.ts';
import type { ProcessFacts, SmiOutput } from './facts.ts';
import { isAbsent, readCount, readMiB, readText } from './values.ts';

const NAME_FIELDS = ['process_name', 'name'];
const MEMORY_FIELDS = ['used_gpu_memory', 'used_memory'];

/** @returns true when the line is the header of a compute-apps query (accounting has other columns) */
export function isAppsHeader(line: string): boolean {
  const fields = readColumns(line).map(({ field }) => field);
  return (
    fields.includes('pid') &&
    !fields.includes('max_memory_usage') &&
    fields.some((field) => NAME_FIELDS.includes(field) || MEMORY_FIELDS.includes(field))
  );
}

/**
 * Rows written without a header: [GPU uuid,] pid, name, memory, the order everybody asks for. A number below 100 may as well
 * be a GPU's index, and a UUID further on shows a row about a GPU: rather nothing than the wrong thing.
 */
const PLAIN_ROW = /^(?:GPU-[0-9a-fA-F-]+, )?\d{3,}, (?!.*GPU-[0-9a-fA-F]).*, (?:\d+(?: MiB)?|\[[^\]]+\])\s*$/;

/** @returns the columns of rows without a header, or null when they do not look like compute apps */
export function guessAppColumns(rows: readonly string[]): readonly string[] | null {
  const first = rows[0];
  if (first === undefined || !rows.every((row) => PLAIN_ROW.test(row))) return null;
  const tail = ['pid', 'process_name', 'used_gpu_memory'];
  return first.startsWith('GPU-') ? ['gpu_uuid', ...tail] : tail;
}

function readProcess(values: readonly string[], columns: readonly Column[]): ProcessFacts | null {
  const raw = (...fields: readonly string[]): string | undefined => {
    const at = columns.findIndex(({ field }) => fields.includes(field));
    return at < 0 ? undefined : values[at];
  };
  const unit = columns.find(({ field }) => MEMORY_FIELDS.includes(field))?.unit;
  const pid = readCount(raw('pid'));
  if (pid === null) return null;
  return {
    pid,
    name: (raw(...NAME_FIELDS) ?? '').trim(),
    type: null,
    usedMiB: readMiB(raw(...MEMORY_FIELDS), unit),
    gpuUuid: readText(raw('gpu_uuid')),
    gpuBusId: readText(raw('gpu_bus_id')),
    gpuInstance: null,
    computeInstance: null,
  };
}

/**
 * @param text stdout
 * @param asked the fields that were asked for, in order; null = the first row must be the header
 */
export function parseAppsCsv(text: string, asked: readonly string[] | null): SmiOutput {
  const { problems, rest } = splitProblems(text);
  const warnings: string[] = [];
  const processes: ProcessFacts[] = [];
  const first = rest[0];
  const header = first !== undefined && isAppsHeader(first) ? first : null;
  const columns = header !== null ? readColumns(header) : asked === null ? null : readColumns(asked.join(','));
  const rows = header === null ? rest : rest.slice(1);
  if (columns === null) {
    if (rows.length > 0)
      warnings.push('processes without a header: the order of the columns is not known. Leave out "noheader".');
    return { gpus: [], processes, driverVersion: null, problems, warnings };
  }
  const nameAt = columns.findIndex(({ field }) => NAME_FIELDS.includes(field));
  for (const row of rows) {
    const values = splitRow(row, columns, nameAt);
    const found = values === null ? null : readProcess(values, columns);
    if (found !== null) processes.push(found);
    else if (
      isAbsent(row) ||
      /^\s*(?:\[|No running)/.test(row) ||
      (values !== null && values.every((value, at) => at === nameAt || readText(value) === null))
    ) {
      warnings.push(`no process list: ${row.trim().slice(0, 100)}`);
    } else warnings.push(`process row not understood: ${row.trim().slice(0, 200)}`);
  }
  return { gpus: [], processes, driverVersion: null, problems, warnings };
}
