import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { paramFits, parseSearch, STATE_WORDS, type Comparison } from '../../../electron/text/search-query.ts';

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

describe('what is typed', () => {
  it('is text, parameters and facts', () => {
    expect(
      parse('ResNet "Two Words" #14 lr>=1e-3 opt=Adam state:failed,running label:Night name:"big vit" id:#7'),
    ).toEqual({
      words: ['resnet', 'two words', '#14'],
      names: ['big vit'],
      labels: ['night'],
      pools: [],
      ids: [7],
      states: [['failed', 'running']],
      params: [
        { name: 'lr', comparison: '>=', value: '1e-3' },
        { name: 'opt', comparison: '=', value: 'Adam' },
      ],
      sinceMs: null,
      beforeMs: null,
    });
  });
  it('knows times', () => {
    expect(parse('since:12h').sinceMs).toBe(NOW_MS - 12 * HOUR_MS);
    expect(parse('since:2w since:7d').sinceMs).toBe(NOW_MS - 7 * 24 * HOUR_MS);
    expect(parse('before:today').beforeMs).toBe(new Date(2026, 10, 21).getTime());
    expect(parse('since:yesterday').sinceMs).toBe(new Date(2026, 10, 20).getTime());
    expect(parse('before:2026-11-01').beforeMs).toBe(new Date(2026, 10, 1).getTime());
    expect(parse('before:2026-11-01T08:30').beforeMs).toBe(new Date(2026, 10, 1, 8, 30).getTime());
  });
  it('is text when it is quoted, or begins otherwise', () => {
    expect(parse('"module:main" --lr=0.1 12:30').words).toEqual(['module:main', '--lr=0.1', '12:30']);
    expect(parse('"unfinished quo').words).toEqual(['unfinished quo']);
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
  ])('%s is refused with what would do', (text, hint) => {
    expect(refusal(text)).toContain(hint);
  });
  test('nothing else is thrown, whatever is typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z:=<>"0-9 .-]{0,40}$/)), (text) => {
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
        const query = parse([`state:${state}`, ...texts.map((text) => `"${text}"`)].join(' '));
        expect(query.words).toEqual(texts.map((text) => text.toLowerCase()));
        expect(query.states).toEqual([[state]]);
      }),
    );
  });
});

describe('parameters', () => {
  const fits = (params: Record<string, unknown>, text: string): boolean =>
    parse(text).params.every((term) => paramFits(params, term));
  it('compare as numbers where both are, as texts else', () => {
    expect(fits({ lr: 0.03 }, 'lr=3e-2')).toBe(true);
    expect(fits({ lr: '0.030' }, 'lr=0.03 lr>0.01 lr<=0.03')).toBe(true);
    expect(fits({ lr: 0.03 }, 'lr<0.03')).toBe(false);
    expect(fits({ opt: 'Adam' }, 'opt=adam')).toBe(true);
    expect(fits({ opt: 'adam' }, 'opt!=adam')).toBe(false);
    expect(fits({ opt: 'adam' }, 'opt>1')).toBe(false);
    expect(fits({ amp: true }, 'amp=true')).toBe(true);
    expect(fits({}, 'opt!=adam')).toBe(false);
  });
  it('are found within groups, by their whole name first', () => {
    expect(fits({ model: { depth: 18 } }, 'model.depth=18')).toBe(true);
    expect(fits({ 'model.depth': 50, model: { depth: 18 } }, 'model.depth=50')).toBe(true);
    expect(fits({ model: 18 }, 'model.depth=18')).toBe(false);
    expect(fits({}, 'constructor.name=Object')).toBe(false);
  });
  test('of two numbers exactly one of <, = and > is true, and the others say the same', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(number, number, (left, right) => {
        const is = (comparison: Comparison): boolean =>
          paramFits({ x: left }, { name: 'x', comparison, value: String(right) });
        expect([is('<'), is('='), is('>')].filter(Boolean)).toHaveLength(1);
        expect([is('<='), is('>='), is('!=')]).toEqual([!is('>'), !is('<'), !is('=')]);
      }),
    );
  });
});
