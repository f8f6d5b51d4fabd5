/**
 * What a person types to find trials, read into a query. The one grammar of the command line, the window and the API. Pure.
 *
 *   resnet "two words" #14         text in name, command or labels; a number is also the trial of that number
 *   lr=0.03  lr > 0.01  opt!=adam  parameters and metrics: =  !=  <  <=  >  >=; names in a dotted path reach into groups (model.depth=18)
 *   val_loss<0.3  acc.last>0.9     of a metric its best value, or .last .min .max; where a parameter has that name too, that one counts
 *   has:val_loss                   has a parameter or a metric of that name
 *   state:failed,running           where it is, or how it ended
 *   is:starred  is:archived
 *   label:night  name:vit  pool:workstation  id:14  experiment:3
 *   since:7d  before:2026-11-01    ended (or, while it has not, submitted) at or after / before: 30m 12h 7d 2w, a date, today, yesterday
 *   a b   a and b   a or b   not a   -label:night   (a or b) c
 *
 * Words beside each other must all fit, and bind closer than `or`. What stands in quotes is text, whatever it looks like.
 */
import { SwitchyardError } from '../contract/errors.ts';
import { OutcomeKind, TrialState } from '../contract/states.ts';
import { isNumber } from './is-number.ts';
import { suggest } from './nearest.ts';

export type StateWord = TrialState | OutcomeKind;
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A parameter or a metric, compared. */
export interface ValueTerm {
  readonly kind: 'value';
  /** As it is written in the configuration, the command or the report. */
  readonly name: string;
  readonly comparison: Comparison;
  readonly value: string;
}

/** One thing that fits a trial or does not. Texts of words, names and labels are in lower case. */
export type SearchTerm =
  | ValueTerm
  | { readonly kind: 'word' | 'name' | 'label' | 'pool' | 'has'; readonly text: string }
  | { readonly kind: 'id' | 'experiment'; readonly id: number }
  | { readonly kind: 'is'; readonly what: IsWord }
  | { readonly kind: 'state'; readonly states: readonly StateWord[] }
  | { readonly kind: 'since' | 'before'; readonly atMs: number };

/** `all` of nothing fits everything. */
export type SearchQuery =
  | SearchTerm
  | { readonly kind: 'all' | 'any'; readonly of: readonly SearchQuery[] }
  | { readonly kind: 'not'; readonly of: SearchQuery };

/** What may stand before a colon. */
export const SEARCH_KEYS = [
  'state',
  'label',
  'name',
  'pool',
  'id',
  'experiment',
  'has',
  'is',
  'since',
  'before',
] as const;
type SearchKey = (typeof SEARCH_KEYS)[number];

const IS_WORDS = ['starred', 'archived'] as const;
type IsWord = (typeof IS_WORDS)[number];

export const STATE_WORDS: readonly StateWord[] = [...TrialState.options, ...OutcomeKind.options];

/** Deeper nesting is no question of a person. */
const MAX_DEPTH = 20;
const WORD = /(?:"[^"]*(?:"|$)|[^\s"])+/g;
const PARAM = /^([A-Za-z_][\w.\-/@]*)(<=|>=|!=|=|<|>)(.*)$/s;
const KEYED = /^([A-Za-z][A-Za-z_-]*):(.*)$/s;
const MINUTE_MS = 60_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  m: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: 24 * 60 * MINUTE_MS,
  w: 7 * 24 * 60 * MINUTE_MS,
};

const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

function refuse(message: string, remedy: string): never {
  throw new SwitchyardError('invalid_search', message, { remedy, path: 'search' });
}

/**
 * @param nowMs what "7d" and "today" count from; days are those of this machine's time zone
 * @throws SwitchyardError invalid_search, with the nearest word that is known
 */
export function parseSearch(text: string, nowMs: number): SearchQuery {
  const tokens = tokenize(text);
  let at = 0;
  const isNext = (...words: readonly string[]): boolean => words.includes(tokens[at]?.toLowerCase() ?? '');

  function readAny(depth: number): SearchQuery {
    if (depth > MAX_DEPTH) refuse('The search has too many parentheses within each other.', 'Ask for less at once.');
    const of = [readAll(depth)];
    while (isNext('or')) {
      at += 1;
      of.push(readAll(depth));
    }
    return of.length === 1 ? (of[0] as SearchQuery) : { kind: 'any', of };
  }

  function readAll(depth: number): SearchQuery {
    const of: SearchQuery[] = [];
    let joined: string | null = null;
    while (at < tokens.length && !isNext('or', ')')) {
      if (isNext('and')) {
        if (of.length === 0 || joined !== null) refuseJoin('and');
        joined = tokens[at++] ?? null;
        continue;
      }
      of.push(readOne(depth));
      joined = null;
    }
    if (joined !== null) refuseJoin('and');
    // An empty search fits everything; an empty side of `or`, or empty parentheses, are a slip.
    if (of.length === 0 && (depth > 0 || tokens.length > 0)) refuseJoin(tokens[at - 1] === '(' ? '(' : 'or');
    return of.length === 1 ? (of[0] as SearchQuery) : { kind: 'all', of };
  }

  function readOne(depth: number): SearchQuery {
    const token = tokens[at++] ?? '';
    if (token.toLowerCase() === 'not') {
      if (at >= tokens.length || isNext('and', 'or', ')')) refuseJoin('not');
      if (depth > MAX_DEPTH) refuse('The search says "not" too often.', 'Say it once.');
      return { kind: 'not', of: readOne(depth + 1) };
    }
    if (token === '(') {
      const inner = readAny(depth + 1);
      if (!isNext(')')) refuse('A parenthesis of the search is not closed.', 'Put a ) behind what belongs together.');
      at += 1;
      return inner;
    }
    if (/^-[A-Za-z]/.test(token) && (KEYED.test(token.slice(1)) || PARAM.test(token.slice(1))))
      return { kind: 'not', of: readTerm(token.slice(1), nowMs) };
    return readTerm(token, nowMs);
  }

  const query = readAny(0);
  if (at < tokens.length)
    refuse(
      'A parenthesis of the search was never opened.',
      'Take the ) away, or put ")" in quotes to find it as text.',
    );
  return query;
}

function refuseJoin(word: string): never {
  refuse(
    word === '(' ? 'There is nothing between the parentheses.' : `Something is missing beside "${word}" in the search.`,
    `For example lr>0.01 and (label:night or is:starred). To find the word itself, put it in quotes: "${word}".`,
  );
}

/** Words; parentheses at the ends of words by themselves; an operator with spaces around it belongs to what stands beside it. */
function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (const found of text.match(WORD) ?? []) {
    let word = found;
    while (word.startsWith('(')) {
      tokens.push('(');
      word = word.slice(1);
    }
    let closing = 0;
    while (word.endsWith(')') && isUnbalanced(word)) {
      closing += 1;
      word = word.slice(0, -1);
    }
    const before = tokens.at(-1);
    if (word !== '' && before !== undefined && (/^(?:<=|>=|!=|=|<|>)/.test(word) ? isName(before) : isOpen(before)))
      tokens[tokens.length - 1] = before + word;
    else if (word !== '') tokens.push(word);
    for (; closing > 0; closing -= 1) tokens.push(')');
  }
  return tokens;
}

const isName = (word: string): boolean => PARAM.test(`${word}=`);
/** `lr >`, which waits for its value. */
const isOpen = (word: string): boolean => PARAM.exec(word)?.[3] === '';

/** More parentheses are closed in it than opened: the last one is not its own. */
function isUnbalanced(word: string): boolean {
  const bare = word.replaceAll(/"[^"]*"?/g, '');
  return bare.split(')').length > bare.split('(').length;
}

function readTerm(word: string, nowMs: number): SearchTerm {
  const keyed = KEYED.exec(word);
  const param = PARAM.exec(word);
  if (keyed !== null) return readKeyed(word, keyed[1] ?? '', unquote(keyed[2] ?? ''), nowMs);
  if (param === null) return { kind: 'word', text: unquote(word).toLowerCase() };
  const [, name = '', comparison = '=', raw = ''] = param;
  return knownParam(name, comparison as Comparison, unquote(raw));
}

function readKeyed(word: string, typed: string, value: string, nowMs: number): SearchTerm {
  const key = knownKey(typed, word);
  if (value === '') refuse(`Nothing stands behind ${key}: in the search.`, EXAMPLES[key]);
  switch (key) {
    case 'state':
      return { kind: key, states: value.split(',').map(knownState) };
    case 'label':
    case 'name':
      return { kind: key, text: value.toLowerCase() };
    case 'pool':
    case 'has':
      return { kind: key, text: value };
    case 'id':
    case 'experiment':
      return { kind: key, id: knownId(value, key) };
    case 'is':
      return { kind: key, what: knownIs(value) };
    case 'since':
    case 'before':
      return { kind: key, atMs: parseMoment(value, nowMs, key) };
  }
}

function unquote(text: string): string {
  return text.replaceAll('"', '');
}

const EXAMPLES: Readonly<Record<SearchKey, string>> = {
  state: 'For example state:failed, or state:queued,running.',
  label: 'For example label:baseline.',
  name: 'For example name:resnet.',
  pool: 'For example pool:workstation.',
  id: 'For example id:14.',
  experiment: 'For example experiment:3.',
  has: 'For example has:val_loss.',
  is: 'For example is:starred.',
  since: 'For example since:7d, since:yesterday or since:2026-11-01.',
  before: 'For example before:2w, before:today or before:2026-11-01.',
};

function knownKey(key: string, word: string): SearchKey {
  const found = SEARCH_KEYS.find((one) => one === key.toLowerCase());
  if (found !== undefined) return found;
  const near = suggest(key, SEARCH_KEYS);
  return refuse(
    `The search does not know ${shown(`${key}:`)}.`,
    `${near === null ? `It knows ${SEARCH_KEYS.map((one) => `${one}:`).join(' ')}.` : `Did you mean ${near}:?`} ` +
      `To find the text itself, put it in quotes: "${unquote(word).slice(0, 40)}".`,
  );
}

function knownState(value: string): StateWord {
  const found = STATE_WORDS.find((one) => one === value.toLowerCase());
  if (found !== undefined) return found;
  const near = suggest(value, STATE_WORDS);
  return refuse(
    `No trial is ever ${shown(value)}.`,
    near === null ? `There are ${STATE_WORDS.join(', ')}.` : `Did you mean state:${near}?`,
  );
}

function knownIs(value: string): IsWord {
  const found = IS_WORDS.find((one) => one === value.toLowerCase());
  if (found !== undefined) return found;
  return refuse(`No trial is ever ${shown(value)}.`, `It can be ${IS_WORDS.join(' or ')}. ${EXAMPLES.is}`);
}

function knownId(value: string, key: 'id' | 'experiment'): number {
  const id = Number(value.replace(/^#/, ''));
  if (Number.isSafeInteger(id) && id > 0) return id;
  return refuse(`${shown(value)} is not the number of ${key === 'id' ? 'a trial' : 'an experiment'}.`, EXAMPLES[key]);
}

function knownParam(name: string, comparison: Comparison, value: string): ValueTerm {
  if (value === '')
    refuse(`Nothing stands behind ${name}${comparison} in the search.`, `For example ${name}${comparison}0.1.`);
  const isOrder = comparison !== '=' && comparison !== '!=';
  if (isOrder && !isNumber(value))
    refuse(
      `${shown(value)} is not a number: ${name} cannot be compared with it by ${comparison}.`,
      `Numbers compare by < and >; texts by = and !=, for example ${name}=${value.slice(0, 40)}.`,
    );
  return { kind: 'value', name, comparison, value };
}

/** @returns ms since 1970 */
function parseMoment(value: string, nowMs: number, key: SearchKey): number {
  const ago = /^(\d{1,6}(?:\.\d{1,3})?)([mhdw])$/i.exec(value);
  if (ago !== null) return nowMs - Math.round(Number(ago[1]) * (UNIT_MS[(ago[2] ?? '').toLowerCase()] ?? 0));
  const now = new Date(nowMs);
  const midnight = (daysAgo: number): number =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo).getTime();
  if (/^today$/i.test(value)) return midnight(0);
  if (/^yesterday$/i.test(value)) return midnight(1);
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?$/.exec(value);
  if (date !== null) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = date.slice(1).map((part) => Number(part ?? 0));
    const at = new Date(year, month - 1, day, hour, minute);
    // 2026-02-30 would become a day in March.
    if (at.getMonth() === month - 1 && at.getDate() === day && hour < 24 && minute < 60) return at.getTime();
  }
  const near = suggest(value, ['today', 'yesterday']);
  return refuse(
    `${shown(value)} is not a time.`,
    `${near === null ? '' : `Did you mean ${near}? `}A time is 30m, 12h, 7d or 2w ago, today, yesterday, or a date. ${EXAMPLES[key]}`,
  );
}
