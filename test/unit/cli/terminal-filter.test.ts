import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTerminalFilter } from '../../../electron/cli/terminal-filter.ts';

function show(text: string, cuts: readonly number[] = []): string {
  const filter = createTerminalFilter();
  const bytes = Buffer.from(text);
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return Buffer.concat(at.slice(1).map((end, i) => filter(bytes.subarray(at[i], end)))).toString();
}

describe('what a terminal gets to see', () => {
  test.each([
    [
      'colours and cursor moves stay',
      'a\u001b[1;31mred\u001b[0m\u001b[2K\r100 %',
      'a\u001b[1;31mred\u001b[0m\u001b[2K\r100 %',
    ],
    ['the clipboard and titles do not', 'x\u001b]52;c;ZWNobw==\u0007y\u001b]0;title\u001b\\z', 'xyz'],
    ['device control strings do not', 'x\u001bP$q"p\u001b\\y', 'xy'],
    ['their one-character forms do not', 'x\u009d52;c;YQ==\u0007y', 'xy'],
    ['requests the terminal would answer do not', 'x\u001b[6n\u001b[c\u001b[21ty', 'xy'],
    ['other characters of the same lead byte stay', '10 \u00b0C \u00a9', '10 \u00b0C \u00a9'],
  ])('%s', (_name, given, shown) => {
    expect(show(given)).toBe(shown);
  });

  test('wherever the output is cut, the same is shown', () => {
    const piece = fc.constantFrom(
      'text',
      '\u001b[31m',
      '\u001b]0;t\u0007',
      '\u001bPq\u001b\\',
      '\u001b[6n',
      '\u00e9',
      '\u009d1\u0007',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 6 }), (pieces, cuts) => {
        expect(show(pieces.join(''), cuts)).toBe(show(pieces.join('')));
      }),
    );
  });
});
