import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogBuffer } from '../../../../../../renderer/features/trial/log/log-buffer.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (line: Uint8Array | number): string =>
  typeof line === 'number' ? `<${line}>` : new TextDecoder().decode(line);
const linesOf = (buffer: LogBuffer): string[] =>
  Array.from({ length: buffer.lineCount }, (_, index) => decode(buffer.line(index)));
const roomy = () => new LogBuffer({ maxLines: 1_000_000, maxBytes: 1e9 });

describe('the window over a log', () => {
  test('has the same lines however the bytes were cut into pieces', () => {
    const text = fc.array(fc.stringMatching(/^[a-zé\r ]{0,12}$/), { maxLength: 30 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 12 }), (whole, cuts) => {
        const bytes = encode(whole);
        const buffer = roomy();
        const bounds = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
          (a, b) => a - b,
        );
        for (let i = 1; i < bounds.length; i += 1)
          buffer.append(bounds[i - 1]!, bytes.subarray(bounds[i - 1], bounds[i]));
        const expected = whole === '' ? [] : whole.replace(/\n$/, '').split('\n');
        expect(linesOf(buffer)).toEqual(expected);
        expect(buffer.endOffset).toBe(bytes.length);
      }),
    );
  });

  test('finds the line of a byte, before and after older parts came in', () => {
    const whole = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('');
    const bytes = encode(whole);
    const middle = whole.indexOf('line 60');
    const buffer = roomy();
    buffer.append(middle, bytes.subarray(middle));
    expect(buffer.indexAtOffset(middle - 1)).toBeNull();
    expect(decode(buffer.line(buffer.indexAtOffset(whole.indexOf('line 77') + 3)!))).toBe('line 77');
    const first = buffer.firstLine;
    expect(buffer.prepend(0, bytes.subarray(0, middle))).toBe(60);
    expect(buffer.firstLine).toBe(first - 60);
    expect(decode(buffer.line(buffer.indexAtOffset(whole.indexOf('line 77'))!))).toBe('line 77');
    expect(decode(buffer.line(0))).toBe('line 0');
  });

  test('lets go of its head when it is full, and counts what it let go', () => {
    const buffer = new LogBuffer({ maxLines: 10, maxBytes: 1e9 });
    let at = 0;
    for (let piece = 0; piece < 8; piece += 1) {
      const bytes = encode('a\nb\nc\n');
      buffer.append(at, bytes);
      at += bytes.length;
      buffer.trimHead();
    }
    expect(buffer.lineCount).toBe(9);
    expect(buffer.droppedAtHead).toBe(15);
    expect(buffer.firstLine).toBe(15);
  });

  test('shows a dropped range as one line and cuts a line that never ends', () => {
    const buffer = roomy();
    buffer.append(0, encode('head\n'));
    buffer.appendGap(5, 1_005);
    buffer.append(1_005, encode('tail\n'));
    expect(linesOf(buffer)).toEqual(['head', '<1000>', 'tail']);
    expect(buffer.endOffset).toBe(1_010);
    const endless = roomy();
    for (let piece = 0; piece < 20; piece += 1) endless.append(piece * 10_000, new Uint8Array(10_000).fill(120));
    expect(endless.lineCount).toBeGreaterThan(1);
    expect(linesOf(endless).join('').length).toBe(200_000);
  });
});
