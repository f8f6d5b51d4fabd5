import { expect, test } from 'vitest';
import { ApiError } from '../../../../../renderer/api/problem.ts';
import { buildTarget, EMPTY_MESSAGE_FORM, TO_FIELDS } from '../../../../../renderer/features/settings/message-form.ts';
import { ChannelTarget } from '../../../../../electron/contract/messages.ts';

const pathOf = (call: () => unknown): string | undefined => {
  try {
    call();
  } catch (error) {
    if (error instanceof ApiError) return error.path;
  }
  return 'not refused';
};

test('each kind makes a target the engine takes, also of the example that stands in its field', () => {
  for (const kind of ['ntfy', 'webhook', 'mail', 'command'] as const) {
    const target = buildTarget({ ...EMPTY_MESSAGE_FORM, name: 'phone', kind, to: ` ${TO_FIELDS[kind].example} ` });
    expect(ChannelTarget.safeParse(target).error, kind).toBeUndefined();
    expect(target.kind).toBe(kind);
  }
});

test('a token goes with ntfy alone, and not an empty one', () => {
  const form = { ...EMPTY_MESSAGE_FORM, name: 'phone', to: 'https://ntfy.sh/t', token: ' tk_1 ' };
  expect(buildTarget(form)).toEqual({ kind: 'ntfy', url: 'https://ntfy.sh/t', token: 'tk_1' });
  expect(buildTarget({ ...form, token: ' ' })).toEqual({ kind: 'ntfy', url: 'https://ntfy.sh/t' });
  expect(buildTarget({ ...form, kind: 'webhook' })).toEqual({ kind: 'webhook', url: 'https://ntfy.sh/t' });
});

test('what is empty is refused at its field', () => {
  expect(pathOf(() => buildTarget({ ...EMPTY_MESSAGE_FORM, to: 'x' }))).toBe('name');
  expect(pathOf(() => buildTarget({ ...EMPTY_MESSAGE_FORM, name: 'phone', to: ' ' }))).toBe('to');
});
