import { describe, expect, it } from 'vitest';
import { matchesName } from '../../../electron/text/name-pattern.ts';

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
