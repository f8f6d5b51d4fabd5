import { expect, test } from 'vitest';
import { createAttemptTokens, hashToken } from '../../../../electron/trials/attempts/tokens.ts';

test('a token is handed out once, and only its hash is known besides', () => {
  const tokens = createAttemptTokens();
  const { hash } = tokens.mint(1, 1);
  tokens.mint(1, 2);
  const token = tokens.take(1, 1);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(hashToken(token)).toBe(hash);
  expect(tokens.take(1, 1)).toBe('');
  expect(tokens.take(1, 2)).not.toBe(token);
});
