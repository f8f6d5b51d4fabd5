/** Whether an environment variable holds a secret, as far as its name or its value tells. Pure. */

/** Anywhere in a name. */
const SECRET_PART =
  /key|token|secret|passw|passphrase|credential|auth|cookie|private|apikey|signature|webhook|connection_?str/i;
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
/** Tokens that say of themselves what they are, whatever the variable is called. */
const KNOWN_TOKEN = new RegExp(
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|hf_|sk-|sk_live_|rk_live_|pypi-|npm_|dop_v1_)[\w-]{20}/,
    /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}/,
    /\beyJ[\w-]{10,}\.eyJ[\w-]{10}/,
    /-----BEGIN [A-Z ]*PRIVATE KEY/,
    /(?:^|;)\s*(?:AccountKey|SharedAccessKey|Password|Pwd)\s*=\s*[^;\s]/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

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
  return [ADDRESS_WITH_PASSWORD, ADDRESS_WITH_TOKEN, ADDRESS_WITH_KEY, KNOWN_TOKEN].some((pattern) =>
    pattern.test(value),
  );
}
