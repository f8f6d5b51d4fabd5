import { expect, test } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import { MASK, maskEnv, unmaskEnv } from '../../../electron/experiments/mask-env.ts';
import { presentConfig } from '../../../electron/experiments/submit.ts';
import { isSecret } from '../../../electron/text/is-secret.ts';

test.each([
  'API_KEY',
  'HF_TOKEN',
  'AWS_SECRET_ACCESS_KEY',
  'PGPASSWORD',
  'DB_PASS',
  'dbPass',
  'DB_PASS2',
  'MYSQL_PWD',
  'SMTP_PW',
  'GITHUB_PAT',
  'SENTRY_DSN',
  'HTTP_COOKIE',
  'SSH_PASSPHRASE',
  'HTTP_AUTHORIZATION',
  'TOKENIZER_TOKEN',
  'SLACK_WEBHOOK_URL',
  'AZURE_STORAGE_CONNECTION_STRING',
])('%s is a secret by its name', (name) => {
  expect(isSecret(name, 'x')).toBe(true);
});

test.each([
  ['DATABASE_URL', 'postgres://u:p@h/db'],
  ['BROKER', 'amqp://:p%40ss@host:5672//'],
  ['DATABASE_URL', 'postgres://u:p/w@rd@h'],
  ['REMOTE', 'https://ghp_0123456789abcdefghij@github.com/a/b'],
  ['BLOB', 'https://x.blob.core.windows.net/c?sv=1&sig=abc'],
  ['URLS', 'http://a/ redis://:hunter2@cache:6379/0'],
  ['STORE', 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc=='],
  ['LICENSE', `sk-proj-${'a'.repeat(30)}`],
  ['ME', `ghp_${'a'.repeat(36)}`],
  ['WHO', `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.c`],
  ['CERT', '-----BEGIN RSA PRIVATE KEY-----\nx'],
])('%s=%s is a secret by its value', (name, value) => {
  expect(isSecret(name, value)).toBe(true);
});

test.each([
  ['PWD', '/home/me'],
  ['OLDPWD', '/tmp'],
  ['COMPASS', 'north'],
  ['OMP_NUM_THREADS', '4'],
  ['PATH', '/usr/bin:/bin'],
  ['WANDB_MODE', 'offline'],
  ['ENDPOINT', 'http://localhost:8080/v1'],
  ['REMOTE', 'ssh://git@github.com/a/b'],
  ['EMAIL', 'me@example.org'],
  ['TOKENIZERS_PARALLELISM', 'false'],
  ['GIT_AUTHOR_NAME', 'me'],
  ['MAX_NEW_TOKENS', '128'],
  ['MODEL', 'sk-learn'],
  ['TASK', 'risk-assessment-of-very-long-documents'],
])('%s=%s is shown', (name, value) => {
  expect(isSecret(name, value)).toBe(false);
});

test('what comes back masked keeps what was stored', () => {
  const stored = { DB_PASS: 'a', LANG: 'C', URL: 'redis://:b@h' };
  const shown = maskEnv(stored);
  expect(shown).toEqual({ DB_PASS: MASK, LANG: 'C', URL: MASK });
  expect(unmaskEnv({ ...shown, LANG: 'de' }, stored)).toEqual({ ...stored, LANG: 'de' });
});

test('a configuration is shown with its secrets masked, and without its variables where their key is gone', () => {
  const config = { name: 'x', environment: { image: 'i', environment_variables: {} } } as never;
  const box = { seal: (text: string) => text, open: (text: string) => text };
  const sealed = JSON.stringify({ HF_TOKEN: 'hf_123', LANG: 'C' });
  expect(JSON.stringify(presentConfig(box, config, sealed))).not.toContain('hf_123');
  expect(presentConfig(box, config, sealed).config.environment?.environment_variables).toEqual({
    HF_TOKEN: MASK,
    LANG: 'C',
  });
  const other = {
    ...box,
    open: (): string => {
      throw new SwitchyardError('secret_unreadable', 'The key is another one.', {});
    },
  };
  expect(presentConfig(other, config, sealed)).toMatchObject({
    config: { name: 'x', environment: { image: 'i', environment_variables: {} } },
    unreadable: 'The key is another one.',
  });
});
