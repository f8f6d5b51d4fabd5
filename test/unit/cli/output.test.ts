/** Tables, times and tails. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bashScript, fishScript, zshScript } from '../../../electron/cli/completion-scripts.ts';
import { describeTrial } from '../../../electron/cli/describe-trial.ts';
import { startOfLastLines } from '../../../electron/cli/log-tail.ts';
import { formatTable, textWidth, truncate } from '../../../electron/cli/table.ts';
import { makeTrial } from '../../fakes/trial.ts';

describe('tables', () => {
  it('aligns, and gives way in the flexible column only', () => {
    const lines = formatTable(
      [{ title: 'ID', align: 'right' }, { title: 'NAME' }, { title: 'WHY', flexible: true }],
      [
        ['7', 'a', 'x'.repeat(50)],
        ['12', 'bcd', 'short'],
      ],
      40,
    );
    expect(lines).toEqual(['ID  NAME  WHY', ` 7  a     ${'x'.repeat(29)}…`, '12  bcd   short']);
  });
  it('counts wide characters as two', () => {
    expect([textWidth('abc'), textWidth('日本'), textWidth('e\u0301')]).toEqual([3, 4, 1]);
    expect(truncate('日本語', 5)).toBe('日本…');
  });
  it('lets no cell write control characters to the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (cell) => {
        const lines = formatTable([{ title: 'A', flexible: true }], [[cell]], 80);
        expect(lines.length).toBe(2);
        // oxlint-disable-next-line no-control-regex -- they are what must not be there
        expect(lines.join('')).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/);
      }),
    );
  });
});

describe('a trial in words', () => {
  it('says how far, how long and where', () => {
    const trial = makeTrial({
      id: 1,
      state: 'running',
      attempt: 1,
      progress: 0.634,
      step: 1200,
      remainingMs: 720_000,
      leaseSlots: ['GPU-a'],
    });
    expect(describeTrial(trial, 0, { slotLabels: new Map([['GPU-a', 'GPU 0']]) })).toBe(
      '63 %, step 1200, about 12 min left, on GPU 0',
    );
  });
  it('says why it waits', () => {
    expect(
      describeTrial(makeTrial({ id: 1 }), 0, { reason: { code: 'slots_busy', text: 'GPU 0 runs #3', blockers: [] } }),
    ).toBe('GPU 0 runs #3');
  });
  it('says why it failed', () => {
    const outcome = {
      kind: 'failed',
      exitCode: 1,
      code: 'exit',
      message: 'It ended with exit code 1.',
      remedy: null,
    } as const;
    expect(describeTrial(makeTrial({ id: 1, state: 'done', outcome }), 0)).toBe('failed; It ended with exit code 1.');
  });
});

describe('the last lines of a log', () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\n', 5, 'a\nb\n'],
    ['a\n', 0, ''],
    ['', 3, ''],
    ['\n\n\n', 1, '\n'],
  ])('%j, %d', (text, lines, tail) => {
    const bytes = Buffer.from(text);
    expect(bytes.subarray(startOfLastLines(bytes, lines)).toString()).toBe(tail);
  });
});

it('quotes what goes into completion scripts', () => {
  const verbs = [{ name: 'logs', summary: "a trial's output: all", flags: ['--json'], words: ['keep'] }];
  expect(bashScript(verbs)).toContain("logs) words='keep --json'");
  expect(zshScript(verbs)).toContain("'logs:a trial'\\''s output\\: all'");
  expect(fishScript(verbs)).toContain("-a 'logs' -d 'a trial'\\''s output: all'");
});
