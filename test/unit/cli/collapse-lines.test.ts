import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineCollapser } from '../../../electron/cli/collapse-lines.ts';

function collapse(...pieces: readonly (string | Uint8Array)[]): string {
  const lines = createLineCollapser();
  const out = pieces.map((piece) => lines.take(Buffer.from(piece as string)));
  return Buffer.concat([...out, lines.end()]).toString('utf8');
}

describe('lines that were drawn over', () => {
  it.each([
    ['10%\r50%\r100%\ndone\n', '100%\ndone\n'],
    ['\r10%\r100%\r\ndone', '100%\ndone'],
    ['plain\nlines\n', 'plain\nlines\n'],
    ['a\r\nb\r\n', 'a\nb\n'],
    ['10%\r50%', '50%'],
    ['\r\r\n', '\n'],
    ['', ''],
  ])('%j', (text, seen) => {
    expect(collapse(text)).toBe(seen);
  });
  it('come out the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'é', '\r', '\n', '50%'), { maxLength: 60 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
          const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
          expect(collapse(...pieces)).toBe(collapse(bytes));
        },
      ),
    );
  });
  it('keep nothing of a bar that is never finished, and let a long line through', () => {
    const lines = createLineCollapser();
    for (let i = 0; i < 1_000; i += 1) expect(lines.take(Buffer.from(`\r${i}%`.padEnd(500, '#')))).toHaveLength(0);
    expect(lines.end().toString()).toMatch(/^999%#+$/);
    expect(lines.take(Buffer.alloc(1024 * 1024 + 1, 65))).toHaveLength(1024 * 1024 + 1);
  });
});
