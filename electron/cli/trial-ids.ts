/** Reads trial ids: "14", "#14", "t14", ranges "3-7", lists "3,5", JSON of another command, and lines from a pipe. Pure. */
import { usageError } from './exit-codes.ts';

/** A wider range is a slip of the finger. */
const WIDEST_RANGE = 100_000;

const ID = /^[#t]?(\d{1,15})$/i;
const RANGE = /^[#t]?(\d{1,15})(?:-|\.\.)[#t]?(\d{1,15})$/i;

/** @returns whether a word of the command line can be a trial id */
export function looksLikeTrialId(word: string): boolean {
  return word !== '' && word.split(',').every((part) => ID.test(part) || RANGE.test(part));
}

/**
 * @param word one argument
 * @returns the ids it names, in order
 * @throws CliError
 */
export function parseTrialIds(word: string): number[] {
  return word.split(',').flatMap((part) => {
    const one = ID.exec(part);
    if (one !== null) return [checkId(Number(one[1]), part)];
    const range = RANGE.exec(part);
    if (range === null)
      throw usageError(`"${word}" is not a trial number.`, 'Write 14, #14, t14 or a range such as 3-7.');
    const [from, to] = [checkId(Number(range[1]), part), checkId(Number(range[2]), part)];
    if (to < from || to - from >= WIDEST_RANGE)
      throw usageError(
        `"${part}" is not a range of trial numbers.`,
        'Write the smaller number first, for example 3-7.',
      );
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** @returns the one id a word names */
export function parseTrialId(word: string): number {
  const ids = parseTrialIds(word);
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw usageError(`Name one trial, not "${word}".`);
  return id;
}

function checkId(id: number, word: string): number {
  if (!Number.isSafeInteger(id) || id < 1) throw usageError(`"${word}" is not a trial number: they start at 1.`);
  return id;
}

/**
 * @param text what came through the pipe: JSON of `ls --json`, `submit --json` and the like, or ids separated by white space
 *   (of each line the first word counts, so that the table of `ls` can be piped too)
 */
export function parsePipedIds(text: string): number[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return idsOfJson(readJson(trimmed));
  return trimmed.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words.every(looksLikeTrialId)) return words.flatMap(parseTrialIds);
    const [first = ''] = words;
    // The heading of a table.
    if (first === 'ID') return [];
    return parseTrialIds(first);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // One JSON document per line (jq -c).
    try {
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line): unknown => JSON.parse(line));
    } catch {
      throw usageError(
        'What came through the pipe is neither a list of trial numbers nor JSON.',
        'Pipe the output of "switchyard ls --json".',
      );
    }
  }
}

function idsOfJson(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(idsOfJson);
  if (typeof value === 'number') return [checkId(value, String(value))];
  if (typeof value === 'string') return parseTrialIds(value);
  if (typeof value === 'object' && value !== null) {
    for (const key of ['trials', 'trialIds', 'trial', 'id']) {
      if (Object.hasOwn(value, key)) return idsOfJson((value as Record<string, unknown>)[key]);
    }
  }
  throw usageError(
    'The JSON that came through the pipe names no trials.',
    'Pipe the output of "switchyard ls --json" or "switchyard submit --json".',
  );
}
