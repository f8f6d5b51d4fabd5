/** A table as text for other programs and for people: CSV, Markdown, JSON. Pure. */
import type { CellValue } from '../contract/table.ts';

export interface TextTable {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly CellValue[])[];
}

/** A spreadsheet runs texts that begin like this; an apostrophe makes it a text. Numbers are none. */
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(value: CellValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As RFC 4180 has it: commas, lines end in CR LF. */
export function writeCsv({ headings, rows }: TextTable): string {
  return [headings, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

const markdownCell = (value: CellValue): string =>
  value === null ? '' : String(value).replaceAll(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll('|', '\\|');

export function writeMarkdown({ headings, rows }: TextTable): string {
  const line = (cells: readonly CellValue[]): string => `| ${cells.map(markdownCell).join(' | ')} |\n`;
  const isNumber = headings.map((_, at) => rows.some((row) => typeof row[at] === 'number'));
  return line(headings) + line(isNumber.map((number) => (number ? '---:' : '---'))) + rows.map(line).join('');
}

/** A list of objects; what a trial has not is null. */
export function writeJson({ headings, rows }: TextTable): string {
  const objects = rows.map((row) => Object.fromEntries(headings.map((heading, at) => [heading, row[at] ?? null])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}
