/**
 * nvidia-smi's CSV has no quoting at all: values are joined with ", " and may hold commas, quotes and any letter.
 * So a row is cut from both ends: k columns from the left, m from the right, and what is between is the free text.
 */

export interface Column {
  /** Field name without its unit, in lower case: "memory.used". */
  readonly field: string;
  /** Unit from the header: "MiB" of "memory.used [MiB]"; empty when there is none. */
  readonly unit: string;
}

/** @returns the columns of a header line (or of the list of fields that was asked for) */
export function readColumns(header: string): readonly Column[] {
  return header.split(',').map((cell) => {
    const match = /^\s*(.*?)\s*(?:\[([^\]]*)\])?\s*$/.exec(cell);
    return { field: (match?.[1] ?? '').toLowerCase(), unit: match?.[2] ?? '' };
  });
}

/**
 * @param freeTextAt the column that may itself contain ", "; -1 when there is none
 * @returns one value per column, or null when the row has too few (or too many) values
 */
export function splitRow(line: string, columns: readonly Column[], freeTextAt: number): readonly string[] | null {
  // Files that went through another tool may have lost the blank after the comma.
  const separator = columns.length > 1 && !line.includes(', ') ? ',' : ', ';
  const parts = line.split(separator);
  // A row whose last value is empty ends in a comma that a trimming editor leaves without its blank.
  const last = parts.at(-1);
  if (separator === ', ' && parts.length === columns.length - 1 && last?.endsWith(',') === true) {
    parts.splice(-1, 1, last.slice(0, -1), '');
  }
  const extra = parts.length - columns.length;
  if (extra < 0 || (extra > 0 && freeTextAt < 0)) return null;
  if (extra === 0) return parts;
  return [
    ...parts.slice(0, freeTextAt),
    parts.slice(freeTextAt, freeTextAt + extra + 1).join(separator),
    ...parts.slice(freeTextAt + extra + 1),
  ];
}
