import { PassThrough } from 'node:stream';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { createTerminal } from '../../../electron/cli/terminal.ts';
import { createTerminalFilter, showable } from '../../../electron/cli/terminal-filter.ts';

function pass(bytes: Uint8Array, cuts: readonly number[] = []): Buffer {
  const filter = createTerminalFilter();
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return Buffer.concat(at.slice(1).map((end, i) => filter(bytes.subarray(at[i], end))));
}
const show = (text: string): string => pass(Buffer.from(text)).toString();

const terminals: xterm.Terminal[] = [];
afterEach(() => {
  for (const terminal of terminals.splice(0)) terminal.dispose();
});

/** A real terminal that tells what it was asked to do, beside showing text with colours. */
function watchedTerminal(): { write(bytes: Uint8Array): Promise<void>; readonly obeyed: string[] } {
  const terminal = new xterm.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  terminals.push(terminal);
  const obeyed: string[] = [];
  const heard = (what: string) => () => {
    obeyed.push(what);
    return true;
  };
  const all = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));
  const { parser } = terminal;
  for (const final of all(0x40, 0x7e))
    for (const prefix of ['', ...all(0x3c, 0x3f)])
      for (const intermediates of ['', ...all(0x20, 0x2f)]) {
        const id = { final, ...(prefix && { prefix }), ...(intermediates && { intermediates }) };
        if (prefix + intermediates !== '' || (final !== 'm' && final !== 'K'))
          parser.registerCsiHandler(id, heard(`CSI ${prefix} ${intermediates} ${final}`));
        parser.registerDcsHandler(id, heard(`DCS ${final}`));
      }
  for (const final of all(0x30, 0x7e))
    for (const intermediates of ['', ...all(0x20, 0x2f)])
      if (!(intermediates === '' && '[]PX^_'.includes(final)))
        parser.registerEscHandler({ final, ...(intermediates && { intermediates }) }, heard(`ESC ${final}`));
  for (let id = 0; id < 2_000; id += 1) parser.registerOscHandler(id, heard(`OSC ${id}`));
  terminal.onBell(heard('bell'));
  terminal.onTitleChange(heard('title'));
  terminal.onData(heard('answer'));
  terminal.onBinary(heard('answer'));
  return { obeyed, write: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)) };
}

/** How each attack begins; all of them passed an earlier filter or name a thing a terminal does. */
const ATTACKS = [
  '\u001b\u001b]0;title\u0007',
  '\u001b[\u001b]52;c;ZWNobw==\u0007',
  '\u001b[\n\u001b]0;title\u001b\\',
  `\u001b[${'1;'.repeat(200)}6n`,
  `\u001b[${'0'.repeat(70)}\u001b]0;x\u0007`,
  '\u001bZ',
  '\u001bc',
  '\u001b(0',
  '\u001b#8',
  '\u001b[6n',
  '\u001b[c',
  '\u001b[>c',
  '\u001b[21t',
  '\u001b[2J',
  '\u001b[H',
  '\u001b[1A',
  '\u001b[?1049h',
  '\u001b[?1000h',
  '\u001b[1;31 m',
  '\u001b[>4m',
  '\u001bP$q"p\u001b\\',
  '\u001b_x\u001b\\',
  '\u001bXx\u001b\u001b]0;t\u0007',
  '\u009d0;title\u0007',
  '\u009b6n',
  '\u0090q\u009c',
  '\u0005',
  '\u0007',
  '\u000e',
];

describe('what a terminal gets to see', () => {
  test.each([
    ['colours and cleared line ends stay', 'a\u001b[1;31mred\u001b[0m\u001b[2K\r100 %\b', null],
    ['a colour longer than any a program means goes', `a\u001b[${'1;'.repeat(100)}mb`, 'ab'],
    ['true colours stay', '\u001b[38;2;10;20;30mx\u001b[48:5:7my\u001b[m', null],
    ['text of all languages stays', '10 \u00b0C \u00a9 日本 🚆 \ufeff', null],
    ['the clipboard and titles do not', 'x\u001b]52;c;ZWNobw==\u0007y\u001b]0;title\u001b\\z', 'xyz'],
    ['device control strings do not', 'x\u001bP$q"p\u001b\\y', 'xy'],
    ['their one-character forms do not', 'x\u009d52;c;YQ==\u0007y', 'xy'],
    ['requests the terminal would answer do not', 'x\u001b[6n\u001b[c\u001b[21t\u001bZy', 'xy'],
    ['cursor moves do not, they overwrite what others wrote', 'x\u001b[2A\u001b[Hy', 'xy'],
    ['an unfinished title hides its line, not the rest', 'x\u001b]0;tit\nle', 'x\nle'],
  ])('%s', (_name, given, shown) => {
    expect(show(given)).toBe(shown ?? given);
  });

  test('a byte that is no text and a lead byte before a control character open nothing', async () => {
    const terminal = watchedTerminal();
    for (const bytes of [
      [0xc2, 0xc2, 0x9d, 0x30, 0x3b, 0x74, 0x07],
      [0x9d, 0x30, 0x3b, 0x74, 0x07],
      [0x9b, 0x36, 0x6e],
      [0xe2, 0x1b, 0x5d, 0x30, 0x3b, 0x74, 0x07],
      [0xf0, 0x9f, 0xc2, 0x9b, 0x36, 0x6e],
    ]) {
      const shown = pass(Uint8Array.from(bytes));
      expect(shown.filter((byte) => byte < 0x20).length).toBe(0);
      expect(shown.toString()).not.toMatch(/[\u0080-\u009f]/);
      await terminal.write(shown);
    }
    expect(terminal.obeyed).toEqual([]);
  });

  test('the terminal that watches does hear the attacks when nothing is filtered', async () => {
    const terminal = watchedTerminal();
    for (const attack of [
      '\u001b]0;t\u0007',
      '\u001b[6n',
      '\u001bZ',
      '\u009d0;t\u0007',
      '\u0007',
      '\u001bP$qm\u001b\\',
    ])
      await terminal.write(Buffer.from(attack));
    expect(terminal.obeyed).toEqual(['OSC 0', 'CSI   n', 'ESC Z', 'OSC 0', 'bell', 'DCS q', 'ESC \\']);
  });

  test('nothing reaches a real terminal but text, colours and line rests, however it is made up and cut', async () => {
    const terminal = watchedTerminal();
    const byte = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(0x1b, 0x5b, 0x5d, 0x50, 0x5c, 0x07, 0xc2, 0x9b, 0x9d, 0x90, 0x0a, 0x18) },
      { weight: 2, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xff }) },
    );
    const piece = fc.oneof(
      fc.constantFrom(...ATTACKS).map((text) => [...Buffer.from(text)]),
      fc.constantFrom(...ATTACKS).chain((text) => {
        const bytes = [...Buffer.from(text)];
        return fc.nat({ max: bytes.length }).map((end) => bytes.slice(0, end));
      }),
      fc.array(byte, { maxLength: 12 }),
      fc.constantFrom('\u001b[31m', 'é', '日', '\u001b[K', 'text').map((text) => [...Buffer.from(text)]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (pieces, cuts) => {
          const given = Uint8Array.from(pieces.flat());
          const shown = pass(given, cuts);
          await terminal.write(shown);
          expect(terminal.obeyed).toEqual([]);
          // Also for terminals that read more than this one does.
          expect(shown.toString()).toMatch(
            // oxlint-disable-next-line no-control-regex -- they are what is looked for
            /^(?:[^\u0000-\u0007\u000b\u000c\u000e-\u001f\u007f-\u009f]|\u001b\[[0-9;:]*m|\u001b\[[0-2]?K)*$/,
          );
          // Wherever it is cut, the same is shown.
          expect(shown).toEqual(pass(given));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('words from outside in lines of our own', () => {
  const printed = (
    isTTY: boolean,
  ): { readonly terminal: ReturnType<typeof createTerminal>; readonly said: string[] } => {
    const said: string[] = [];
    const stream = (): PassThrough & { isTTY: boolean } =>
      Object.assign(
        new PassThrough().on('data', (chunk: Buffer) => said.push(chunk.toString())),
        { isTTY },
      );
    const terminal = createTerminal({
      stdin: new PassThrough(),
      stdout: stream(),
      stderr: stream(),
      env: { FORCE_COLOR: '1' },
      cwd: '/',
    });
    return { terminal, said };
  };

  test('a name cannot do more than be read, wherever it is printed', () => {
    const { terminal, said } = printed(true);
    for (const attack of ATTACKS) {
      terminal.print(`#1 ${terminal.paint('ok', 'green')} ${attack}`);
      terminal.note(`#1 ${attack}`);
    }
    terminal.print('pid 4 (evil\rpid 5)');
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(said.join('').replaceAll(/\u001b\[\d+m/g, '')).toMatch(/^[ -~\n]*$/);
    expect(said[0]).toBe('#1 \u001b[32mok\u001b[0m \n');
    expect(said.at(-1)).toBe('pid 4 (evilpid 5)\n');
  });

  test('a file gets what there is', () => {
    const { terminal, said } = printed(false);
    terminal.print('{"name":"a\u009b6n"}');
    expect(said).toEqual(['{"name":"a\u009b6n"}\n']);
    expect(showable('{"name":"a\u009b6n"}')).toBe('{"name":"a"}');
  });
});
