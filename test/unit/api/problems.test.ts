import { expect, test } from 'vitest';
import { errorResponse, validationError } from '../../../electron/api/problems.ts';
import { Settings } from '../../../electron/contract/settings.ts';
import { TrialActionBody } from '../../../electron/contract/trials.ts';

test('an unknown field is refused with the nearest known one, at any depth', () => {
  const issues = Settings.partial().strict().safeParse({ thme: 'dark' }).error?.issues ?? [];
  expect(validationError(issues)).toMatchObject({
    code: 'unknown_key',
    path: 'thme',
    message: expect.stringContaining('"theme"'),
  });
  const deep = TrialActionBody.safeParse({ action: 'priority', trialIds: [1], priorty: 3 }).error?.issues ?? [];
  expect(deep.map(({ path }) => path.join('.'))).toContain('priority');
});

test('a priority outside 1..99 has its own code', () => {
  const issues = TrialActionBody.safeParse({ action: 'priority', trialIds: [1], priority: 100 }).error?.issues ?? [];
  expect(validationError(issues)).toMatchObject({
    code: 'invalid_priority',
    message: 'priority must be between 1 and 99',
  });
});

test('an unexpected error shows an id and nothing of itself', async () => {
  const response = errorResponse(new Error('password=hunter2'), 'GET /x', () => 'abcd1234');
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(text).toContain('abcd1234');
  expect(text).not.toContain('hunter2');
});
