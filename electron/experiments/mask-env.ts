/** Which environment variables are not shown. Pure. */
import { isSecret } from '../text/is-secret.ts';

/** What masked values look like in answers; sent back unchanged they keep the stored value. */
export const MASK = '••••••••';

/** @returns the variables as answers show them */
export function maskEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, isSecret(name, value) ? MASK : value]));
}

/** @returns what was sent back, with the stored value where it was shown masked */
export function unmaskEnv(
  sent: Readonly<Record<string, string>>,
  stored: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [name, value === MASK ? (stored[name] ?? '') : value]),
  );
}
