import { describe, expect, it } from 'vitest';
import { matchesName } from '../../../electron/text/name-pattern.ts';
import { sayAbout, sayDuration, sayMemory } from '../../../electron/text/say.ts';
import { MINUTE } from '../scheduler/plan/build.ts';

describe('words', () => {
  it.each([
    [0, 'under 1 min'],
    [59_999, 'under 1 min'],
    [22 * MINUTE, '22 min'],
    [59.6 * MINUTE, '1 h'],
    [72 * MINUTE, '1 h 12 min'],
    [119.7 * MINUTE, '2 h'],
    [1440 * MINUTE, '1 d'],
    [76 * 60 * MINUTE, '3 d 4 h'],
    [1439.8 * MINUTE, '1 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(sayDuration(ms)).toBe(text);
  });

  it.each([
    [300, '300 MiB'],
    [1024, '1 GiB'],
    [11_366, '11.1 GiB'],
    [81_920, '80 GiB'],
  ])('%d MiB is %s', (mib, text) => {
    expect(sayMemory(mib)).toBe(text);
  });

  it('does not call a moment about', () => {
    expect([sayAbout(5), sayAbout(5 * MINUTE)]).toEqual(['under 1 min', 'about 5 min']);
  });
});

describe('name patterns', () => {
  it.each([
    ['*', 'anything', true],
    ['', 'anything', true],
    ['rtx*4090', 'NVIDIA GeForce RTX 4090', false],
    ['*rtx*4090', 'NVIDIA GeForce RTX 4090', true],
    ['*A100?SXM*', 'NVIDIA A100-SXM4-80GB', true],
    ['a?', 'a', false],
    ['*.*', 'NVIDIA T4', false],
    ['**b', 'aab', true],
    ['A100', 'NVIDIA A100-SXM4-80GB', true],
  ])('%s on %s: %s', (pattern, name, matches) => {
    expect(matchesName(pattern, name)).toBe(matches);
  });

  it('takes no longer for a pattern made to be slow', () => {
    expect(matchesName(`${'*a'.repeat(60)}b`, 'a'.repeat(2000))).toBe(false);
  });
});
