/** Reads the values of flags: durations, mounts, variables, hyperparameters, numbers. Pure. */
import { usageError } from './exit-codes.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * @param text "90s", "15m", "2h", "1h30m", "1.5h", "2d"; no unit is guessed
 * @returns seconds
 * @throws CliError naming the flag
 */
export function parseDurationS(text: string, flag: string): number {
  const trimmed = text.trim().toLowerCase();
  if (/^0+$/.test(trimmed)) return 0;
  if (/^\d+(\.\d+)?$/.test(trimmed))
    throw usageError(`${flag} ${trimmed}: ${trimmed} what? Write ${trimmed}h, ${trimmed}m or ${trimmed}s.`);
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(trimmed))
    throw usageError(`${flag} does not understand "${text}".`, 'Write a time such as 90s, 15m, 2h or 1h30m.');
  let seconds = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)([smhd])/g))
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0);
  return seconds;
}

/** @throws CliError when `text` is not a whole number from `least` to `most` */
export function parseWholeNumber(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text.trim()) || value < least || value > most) {
    throw usageError(`${flag} takes a whole number from ${least} to ${most}, not "${text}".`);
  }
  return value;
}

export interface MountFlag {
  readonly host_path: string;
  readonly container_path: string;
  readonly read_only: boolean;
}

/**
 * @param text "HOST:CONTAINER", with ":ro" (default) or ":rw" at the end
 * @param absolute makes the host path absolute
 */
export function parseMount(text: string, absolute: (path: string) => string): MountFlag {
  const parts = text.split(':');
  const mode = parts.at(-1);
  const hasMode = parts.length > 2 && (mode === 'ro' || mode === 'rw');
  const [host = '', container = '', ...rest] = hasMode ? parts.slice(0, -1) : parts;
  if (host === '' || !container.startsWith('/') || rest.length > 0) {
    throw usageError(
      `--mount does not understand "${text}".`,
      'Write HOST:CONTAINER or HOST:CONTAINER:rw, for example --mount ~/data:/data. The path in the container is absolute.',
    );
  }
  return { host_path: absolute(host), container_path: container, read_only: !(hasMode && mode === 'rw') };
}

/**
 * @param text "NAME=VALUE", or "NAME" to take it over from here
 * @returns name and value
 */
export function parseEnvironmentVariable(text: string, here: NodeJS.ProcessEnv): readonly [string, string] {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw usageError(
      `--env does not understand "${text}".`,
      'Write NAME=VALUE, or NAME to take it over from this shell.',
    );
  if (at >= 0) return [name, text.slice(at + 1)];
  const value = here[name];
  if (value === undefined)
    throw usageError(`--env ${name}: there is no such variable in this shell.`, `Write --env ${name}=VALUE.`);
  return [name, value];
}

/** Names that would reach into an object's own machinery. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

export interface HyperparameterFlag {
  readonly path: readonly string[];
  readonly text: string;
}

/** @param text "key=value"; dots in the key go into nested maps. The value is read as YAML by the caller. */
export function parseHyperparameter(text: string): HyperparameterFlag {
  const at = text.indexOf('=');
  const path = text.slice(0, Math.max(0, at)).split('.');
  if (at <= 0 || path.some((part) => part === '' || part !== part.trim())) {
    throw usageError(
      `-S does not understand "${text}".`,
      'Write KEY=VALUE, for example -S lr=0.1 or -S model.depth=4.',
    );
  }
  const forbidden = path.find((part) => FORBIDDEN_KEYS.has(part));
  if (forbidden !== undefined)
    throw usageError(`-S cannot set "${forbidden}".`, 'Use another name for this hyperparameter.');
  return { path, text: text.slice(at + 1) };
}

/**
 * @param target changed in place: maps on the way are made, or taken over when they are maps
 * @throws CliError when the way leads through a value that is not a map
 */
export function setNested(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = target;
  for (const [index, key] of path.slice(0, -1).entries()) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    if (next === undefined || next === null) {
      const made: Record<string, unknown> = {};
      at[key] = made;
      at = made;
    } else if (typeof next === 'object' && !Array.isArray(next)) {
      at = next as Record<string, unknown>;
    } else {
      throw usageError(
        `-S ${path.join('.')}: ${path.slice(0, index + 1).join('.')} is not a map in the configuration.`,
      );
    }
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
}
