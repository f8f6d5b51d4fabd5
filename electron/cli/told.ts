/**
 * What the command line has said lately, so that a loop of fifty submits does not say it fifty times. Kept in a file of the data
 * directory; where that cannot be read or written, everything is said again.
 */
import fs from 'node:fs';
import path from 'node:path';

const FILE = 'cli-told.json';
const MOST_KEPT = 200;

/** Text -> when it was said last, ms. */
type Told = Record<string, number>;

/**
 * @param keys what may be said now
 * @param withinMs what was said no longer ago is not said again; saying it or keeping it back begins that time anew
 * @returns those that are to be said
 */
export function tellOnce(dataDir: string, keys: readonly string[], withinMs: number, nowMs: number): string[] {
  if (keys.length === 0) return [];
  const file = path.join(dataDir, FILE);
  const told = readTold(file);
  const fresh = keys.filter((key) => !(nowMs - (told[key] ?? -Infinity) < withinMs));
  for (const key of keys) told[key] = nowMs;
  const kept = Object.entries(told)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_KEPT);
  try {
    // Beside and renamed: several commands of a script may do this at once.
    const draft = `${file}.${process.pid}`;
    fs.writeFileSync(draft, JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 });
    fs.renameSync(draft, file);
  } catch {
    // Told again next time.
  }
  return fresh;
}

function readTold(file: string): Told {
  try {
    const told: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (typeof told !== 'object' || told === null) return {};
    return Object.fromEntries(
      Object.entries(told).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
  } catch {
    return {};
  }
}
