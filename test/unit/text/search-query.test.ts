import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { parseSearch, STATE_WORDS, type SearchQuery, type SearchTerm } from '../../../electron/text/search-query.ts';

const NOW_MS = new Date(2026, 10, 21, 15, 30).getTime();
const HOUR_MS = 3_600_000;
const parse = (text: string) => parseSearch(text, NOW_MS);
const refusal = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === 'invalid_search') return `${error.message} ${error.remedy}`;
    throw error;
  }
  throw new Error(`${text} was understood`);
};

/** The terms of a search without `or` and `not`. */
function terms(text: string): readonly SearchQuery[] {
  const query = parse(text);
  return query.kind === 'all' ? query.of : [query];
}
const word = (text: string): SearchTerm => ({ kind: 'word', text });

describe('what is typed', () => {
  it('is text, parameters and facts', () => {
    expect(
      terms(
        'ResNet "Two Words" #14 lr>=1e-3 opt=Adam state:failed,running label:Night name:"big vit" id:#7 is:starred',
      ),
    ).toEqual([
      word('resnet'),
      word('two words'),
      word('#14'),
      { kind: 'value', name: 'lr', comparison: '>=', value: '1e-3' },
      { kind: 'value', name: 'opt', comparison: '=', value: 'Adam' },
      { kind: 'state', states: ['failed', 'running'] },
      { kind: 'label', text: 'night' },
      { kind: 'name', text: 'big vit' },
      { kind: 'id', id: 7 },
      { kind: 'is', what: 'starred' },
    ]);
    expect(parse('  ')).toEqual({ kind: 'all', of: [] });
  });
  it('is joined by and, or, not and parentheses, in any case', () => {
    const [a, b, c] = [word('a'), word('b'), word('c')];
    expect(parse('a AND b or c')).toEqual({ kind: 'any', of: [{ kind: 'all', of: [a, b] }, c] });
    expect(parse('a (b Or c)')).toEqual({ kind: 'all', of: [a, { kind: 'any', of: [b, c] }] });
    expect(parse('not (a or b) -label:c')).toEqual({
      kind: 'all',
      of: [
        { kind: 'not', of: { kind: 'any', of: [a, b] } },
        { kind: 'not', of: { kind: 'label', text: 'c' } },
      ],
    });
    expect(parse('lr > 0.01 and val/loss <0.3')).toEqual(parse('lr>0.01 val/loss<0.3'));
    expect(parse('"and" f(x)')).toEqual({ kind: 'all', of: [word('and'), word('f(x)')] });
  });
  it('knows times', () => {
    const since = (text: string): number => {
      const term = parse(text);
      return term.kind === 'since' || term.kind === 'before' ? term.atMs : Number.NaN;
    };
    expect(since('since:12h')).toBe(NOW_MS - 12 * HOUR_MS);
    expect(since('before:today')).toBe(new Date(2026, 10, 21).getTime());
    expect(since('since:yesterday')).toBe(new Date(2026, 10, 20).getTime());
    expect(since('before:2026-11-01')).toBe(new Date(2026, 10, 1).getTime());
    expect(since('before:2026-11-01T08:30')).toBe(new Date(2026, 10, 1, 8, 30).getTime());
  });
  it('is text when it is quoted, or begins otherwise', () => {
    expect(terms('"module:main" --lr=0.1 12:30')).toEqual([word('module:main'), word('--lr=0.1'), word('12:30')]);
    expect(parse('"unfinished quo')).toEqual(word('unfinished quo'));
  });
  it.each([
    ['stat:failed', 'Did you mean state:?'],
    ['state:faild', 'Did you mean state:failed?'],
    ['label:', 'label:baseline'],
    ['http://x', 'in quotes: "http://x"'],
    ['since:yesteday', 'Did you mean yesterday?'],
    ['before:2026-02-30', 'is not a time'],
    ['id:x', 'not the number of a trial'],
    ['lr>high', 'not a number'],
    ['lr=', 'Nothing stands behind lr='],
    ['a or', 'missing beside "or"'],
    ['and a', 'missing beside "and"'],
    ['a and and b', 'missing beside "and"'],
    ['not', 'missing beside "not"'],
    ['a ()', 'nothing between the parentheses'],
    ['(a or b', 'not closed'],
    ['a) b', 'never opened'],
    ['is:started', 'starred or archived'],
  ])('%s is refused with what would do', (text, hint) => {
    expect(refusal(text)).toContain(hint);
  });
  test('nothing else is thrown, whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z:=<>"0-9 .()-]{0,40}$/)), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SwitchyardError);
        }
      }),
    );
  });
  test('quoted text comes back as it is, between whatever else', () => {
    const quoted = fc.string({ minLength: 1 }).filter((text) => !text.includes('"'));
    fc.assert(
      fc.property(fc.array(quoted), fc.constantFrom(...STATE_WORDS), (texts, state) => {
        const query = terms([`state:${state}`, ...texts.map((text) => `"${text}"`)].join(' '));
        expect(query).toEqual([{ kind: 'state', states: [state] }, ...texts.map((text) => word(text.toLowerCase()))]);
      }),
    );
  });
});
