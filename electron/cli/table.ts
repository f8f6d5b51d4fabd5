/** Aligned tables and the small formats in them. Pure. */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The one column that gives way when the terminal is narrow. */
  readonly flexible?: boolean;
}

const GAP = '  ';
const LEAST_FLEXIBLE = 12;

/**
 * @param rows cells as plain text; control characters are made visible, so that no name can write to the terminal
 * @param width columns of the terminal; null = no limit
 * @param paint colours a padded cell (column, row)
 * @returns lines without trailing spaces
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | null,
  paint: (text: string, column: number, row: number) => string = (text) => text,
): string[] {
  const cells = rows.map((row) => row.map(plain));
  const widths = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...cells.map((row) => textWidth(row[index] ?? ''))),
  );
  const flexible = columns.findIndex((column) => column.flexible);
  const total = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1);
  if (width !== null && flexible >= 0 && total > width) {
    widths[flexible] = Math.max(LEAST_FLEXIBLE, (widths[flexible] ?? 0) - (total - width));
  }
  const line = (row: readonly string[], rowIndex: number): string =>
    row
      .map((cell, index) => {
        const room = widths[index] ?? 0;
        const text = truncate(cell, room);
        const space = ' '.repeat(Math.max(0, room - textWidth(text)));
        const isLast = index === row.length - 1;
        const padded = columns[index]?.align === 'right' ? space + text : isLast ? text : text + space;
        return rowIndex < 0 ? padded : paint(padded, index, rowIndex);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map((column) => column.title),
      -1,
    ),
    ...cells.map(line),
  ];
}

/** @returns text without control characters, which could move the cursor or hide other text */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]+/g, ' ');
}

/** Columns a text takes: wide East Asian characters and most pictographs take two, combining marks none. */
export function textWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- the common case is answered fast
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) {
    if (/\p{Mark}|\p{Default_Ignorable_Code_Point}/u.test(char)) continue;
    width +=
      /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return width;
}

export function truncate(text: string, room: number): string {
  if (textWidth(text) <= room) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    const next = textWidth(char);
    if (used + next > room - 1) break;
    out += char;
    used += next;
  }
  return `${out}…`;
}
