import { expect, test } from 'vitest';
import { AccountBody } from '../../../../../electron/contract/cloud.ts';
import { buildCredentials, EMPTY_ACCOUNT_FORM } from '../../../../../renderer/features/cloud/account-form.ts';
import { sayUsd } from '../../../../../renderer/shared/money-text.ts';

const form = {
  ...EMPTY_ACCOUNT_FORM,
  accessKeyId: ' AKIAIOSFODNN7EXAMPLE ',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n',
  roleArn: 'arn:aws:iam::123456789012:role/gpu',
};

test.each(['keys', 'profile', 'sso', 'role', 'environment'] as const)(
  'what a form of kind %s makes is taken',
  (kind) => {
    const body = buildCredentials({ ...form, kind });
    expect(AccountBody.safeParse(body).error).toBeUndefined();
    expect(body.credentials.kind).toBe(kind);
    // A secret that was typed before another kind was chosen does not go along.
    if (kind !== 'keys') expect(JSON.stringify(body)).not.toContain('wJalr');
  },
);

test('an address of a simulated cloud goes along, an empty one means the real one', () => {
  expect(buildCredentials({ ...form, endpoint: ' http://127.0.0.1:4566 ' }).endpoint).toBe('http://127.0.0.1:4566');
  expect(buildCredentials(form).endpoint).toBeNull();
});

test('a price that is not known is never shown as nothing', () => {
  expect(sayUsd(null)).toBe('not known');
  expect(sayUsd(0.4)).toBe('$0.40');
  expect(sayUsd(0.4, false)).toBe('$0.40 and what is not known');
});
