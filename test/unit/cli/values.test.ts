/** Flag values: what is read, and what is refused with a sentence. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../electron/cli/exit-codes.ts';
import { parseHours } from '../../../electron/cli/pool-flags.ts';
import {
  parseDurationS,
  parseEnvironmentVariable,
  parseHyperparameter,
  parseMount,
  parseWholeNumber,
  setNested,
} from '../../../electron/cli/values.ts';

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['2h', 7200],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['2d', 172_800],
    ['0', 0],
  ])('%s is %d s', (text, seconds) => {
    expect(parseDurationS(text, '--time-limit')).toBe(seconds);
  });
  it.each(['', '90', '1.5', 'soon', '2 hours', '-5m', '1h-3m', '5x', 'h'])('refuses %j', (text) => {
    expect(() => parseDurationS(text, '--time-limit')).toThrow(/--time-limit/);
  });
});

describe('whole numbers', () => {
  it.each(['1.5', '', 'x', '1e2', '0x10', '100'])('refuses %j for 1 to 99', (text) => {
    expect(() => parseWholeNumber(text, '--priority', 1, 99)).toThrow(CliError);
  });
  it('takes the bounds', () => {
    expect([parseWholeNumber('1', 'n', 1, 99), parseWholeNumber('99', 'n', 1, 99)]).toEqual([1, 99]);
  });
});

describe('mounts', () => {
  const absolute = (path: string): string => (path.startsWith('/') ? path : `/here/${path}`);
  it('is read-only unless it says rw', () => {
    expect(parseMount('/data:/mnt', absolute)).toEqual({ host_path: '/data', container_path: '/mnt', read_only: true });
    expect(parseMount('/data:/mnt:ro', absolute).read_only).toBe(true);
    expect(parseMount('data:/mnt:rw', absolute)).toEqual({
      host_path: '/here/data',
      container_path: '/mnt',
      read_only: false,
    });
  });
  it.each(['/data', '/data:', ':/mnt', '/data:mnt', '/a:/b:/c', '/a:/b:rx', ''])('refuses %j', (text) => {
    expect(() => parseMount(text, absolute)).toThrow(/--mount/);
  });
});

describe('environment variables', () => {
  it('keeps everything after the first =', () => {
    expect(parseEnvironmentVariable('A=b=c', {})).toEqual(['A', 'b=c']);
    expect(parseEnvironmentVariable('A=', {})).toEqual(['A', '']);
  });
  it('takes a bare name over from here', () => {
    expect(parseEnvironmentVariable('PATH', { PATH: '/bin' })).toEqual(['PATH', '/bin']);
    expect(() => parseEnvironmentVariable('MISSING', {})).toThrow(/MISSING/);
  });
  it.each(['1A=b', '=b', 'A B=c', ''])('refuses %j', (text) => {
    expect(() => parseEnvironmentVariable(text, {})).toThrow(/--env/);
  });
});

describe('hyperparameters', () => {
  it('splits at the first = and at dots', () => {
    expect(parseHyperparameter('model.depth=a=b')).toEqual({ path: ['model', 'depth'], text: 'a=b' });
  });
  it.each(['lr', '=1', 'a..b=1', '.a=1', 'a.=1', ' a=1'])('refuses %j', (text) => {
    expect(() => parseHyperparameter(text)).toThrow(CliError);
  });
  it.each(['__proto__.x=1', 'a.constructor.prototype=1'])('refuses %j, which would reach into objects', (text) => {
    expect(() => parseHyperparameter(text)).toThrow(CliError);
  });
  it('sets nested values without touching the others', () => {
    const config: Record<string, unknown> = { model: { depth: 2, width: 8 } };
    setNested(config, ['model', 'depth'], 4);
    setNested(config, ['new', 'one'], 1);
    expect(config).toEqual({ model: { depth: 4, width: 8 }, new: { one: 1 } });
  });
  it('refuses a way through a value that is no map', () => {
    expect(() => setNested({ lr: 0.1 }, ['lr', 'decay'], 1)).toThrow(/lr is not a map/);
  });
  it('never changes Object.prototype, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { path, text: value } = parseHyperparameter(text);
          setNested({}, path, value);
        } catch (error) {
          expect(error).toBeInstanceOf(CliError);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});

describe('hours', () => {
  it('pads and spans midnight', () => {
    expect(parseHours('8:00-20:30')).toEqual({ from: '08:00', to: '20:30' });
    expect(parseHours('20:00 to 08:00')).toEqual({ from: '20:00', to: '08:00' });
  });
  it.each(['24:00-08:00', '20-8', '20:00', '20:60-21:00'])('refuses %j', (text) => {
    expect(() => parseHours(text)).toThrow(/--hours/);
  });
});
