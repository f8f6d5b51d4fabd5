/** What a benchmark hands back, and the table made from it. */

export interface BenchResult {
  /** What is promised, as a reader of the table needs it. */
  readonly promise: string;
  /** What was measured here, with its unit. */
  readonly figure: string;
  readonly target: string;
  /** null = not measured here, or a figure without a promise. */
  readonly pass: boolean | null;
  /** The same by another program, in the same run; "not installed" where there is none. */
  readonly peer?: string;
}

/** A benchmark that cannot run here. @param why one sentence */
export function skipped(promise: string, target: string, why: string): BenchResult {
  return { promise, figure: `not measured: ${why}`, target, pass: null };
}

const HEADINGS = ['', 'promise', 'here', 'target', 'peer'] as const;
/** Longer cells are wrapped at words. */
const MAX_CELL = [4, 44, 46, 28, 40] as const;

/** @returns lines of a table, wrapped so that it stays readable in a terminal */
export function formatTable(results: readonly BenchResult[]): string[] {
  const rows = [
    HEADINGS.map((text) => [text as string]),
    ...results.map(({ promise, figure, target, pass, peer }) =>
      [pass === null ? '-' : pass ? 'ok' : 'MISS', promise, figure, target, peer ?? ''].map((text, column) =>
        wrap(text, MAX_CELL[column] as number),
      ),
    ),
  ];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.flatMap((row) => (row[column] as string[]).map((line) => line.length))),
  );
  const lines: string[] = [];
  rows.forEach((row, index) => {
    const height = Math.max(...row.map((cell) => cell.length));
    for (let line = 0; line < height; line++) {
      lines.push(
        row
          .map((cell, column) => (cell[line] ?? '').padEnd(widths[column] as number))
          .join('  ')
          .trimEnd(),
      );
    }
    if (index === 0) lines.push(widths.map((width) => '-'.repeat(width)).join('  '));
  });
  return lines;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
