/** Whether an environment variable holds a secret, as far as its name or its value tells. Pure. */

/** Anywhere in a name. */
const SECRET_PART = /key|token|secret|passw|passphrase|credential|auth|cookie|private|apikey|signature/i;
/** Words that only contain one of those. */
const LOOKALIKE =
  /tokenizers?|authors?(?!i)|keyboard|keymap|keyword|monkey|cookiecutter|(?:max|min|num)_(?:new_)?tokens/gi;
/** As a word of a name, between underscores: too short to be looked for anywhere (COMPASS, COMPAT, OLDPWD). */
const SECRET_WORD: ReadonlySet<string> = new Set([
  'pass',
  'pwd',
  'pw',
  'pat',
  'pin',
  'psk',
  'sas',
  'dsn',
  'jwt',
  'otp',
]);
/** Words of a shell, not secrets. */
const HARMLESS: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);
/** scheme://user:password@host, and a query that carries one. */
const ADDRESS_WITH_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]*:\S+@/i;
const ADDRESS_WITH_TOKEN =
  /[a-z][a-z0-9+.-]*:\/\/\S*[?&;#](?:[^\s=&]*(?:key|token|secret|passw|pwd|sig)[^\s=&]*)=[^\s&]/i;
/** https://TOKEN@host: the user's part alone, longer than a name. */
const ADDRESS_WITH_KEY = /[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]{16,}@/i;

export function isSecret(name: string, value: string): boolean {
  if (HARMLESS.has(name.toUpperCase())) return false;
  const telling = name.replaceAll(LOOKALIKE, '');
  if (SECRET_PART.test(telling)) return true;
  // MYSQL_PWD, dbPass, DB_PASS2
  const words = telling
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/);
  if (words.some((word) => SECRET_WORD.has(word))) return true;
  return [ADDRESS_WITH_PASSWORD, ADDRESS_WITH_TOKEN, ADDRESS_WITH_KEY].some((pattern) => pattern.test(value));
}
