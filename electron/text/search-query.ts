/**
 * What a person types to find trials, read into a query. The one grammar of the command line, the window and the API. Pure.
 *
 *   resnet "two words" #14         text in name, command or labels; a number is also the trial of that number
 *   lr=0.03  lr>0.01  opt!=adam    parameters: =  !=  <  <=  >  >=; names in a dotted path reach into groups (model.depth=18)
 *   state:failed,running           where it is, or how it ended
 *   label:night  name:vit  pool:workstation  id:14
 *   since:7d  before:2026-11-01    ended (or, while it has not, submitted) at or after / before: 30m 12h 7d 2w, a date, today, yesterday
 *
 * All words must fit. What stands in quotes is text, whatever it looks like.
 */
import { SwitchyardError } from '../contract/errors.ts';
import { OutcomeKind, TrialState } from '../contract/states.ts';
import { suggest } from './nearest.ts';

export type StateWord = TrialState | OutcomeKind;
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

export interface ParamTerm {
  /** As it is written in the configuration or the command. */
  readonly name: string;
  readonly comparison: Comparison;
  readonly value: string;
}

/** All of it must fit; an empty query fits everything. Texts are in lower case. */
export interface SearchQuery {
  readonly words: readonly string[];
  readonly names: readonly string[];
  readonly labels: readonly string[];
  readonly pools: readonly string[];
  readonly ids: readonly number[];
  /** Of each list, one must be true. */
  readonly states: readonly (readonly StateWord[])[];
  readonly params: readonly ParamTerm[];
  readonly sinceMs: number | null;
  readonly beforeMs: number | null;
}

/** What may stand before a colon. */
export const SEARCH_KEYS = ['state', 'label', 'name', 'pool', 'id', 'since', 'before'] as const;
type SearchKey = (typeof SEARCH_KEYS)[number];

export const STATE_WORDS: readonly StateWord[] = [...TrialState.options, ...OutcomeKind.options];

const WORD = /(?:"[^"]*(?:"|$)|[^\s"])+/g;
const PARAM = /^([A-Za-z_][\w.\-/]*)(<=|>=|!=|=|<|>)(.*)$/s;
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
  const query = {
    words: [] as string[],
    names: [] as string[],
    labels: [] as string[],
    pools: [] as string[],
    ids: [] as number[],
    states: [] as StateWord[][],
    params: [] as ParamTerm[],
    sinceMs: null as number | null,
    beforeMs: null as number | null,
  };
  for (const word of text.match(WORD) ?? []) {
    const keyed = KEYED.exec(word);
    const param = PARAM.exec(word);
    const plain = unquote(word);
    if (keyed !== null) {
      const value = unquote(keyed[2] ?? '');
      const key = knownKey(keyed[1] ?? '', word);
      if (value === '') refuse(`Nothing stands behind ${key}: in the search.`, EXAMPLES[key]);
      if (key === 'state') query.states.push(value.split(',').map(knownState));
      else if (key === 'label') query.labels.push(value.toLowerCase());
      else if (key === 'name') query.names.push(value.toLowerCase());
      else if (key === 'pool') query.pools.push(value);
      else if (key === 'id') query.ids.push(knownId(value));
      else if (key === 'since') query.sinceMs = Math.max(query.sinceMs ?? -Infinity, parseMoment(value, nowMs, key));
      else query.beforeMs = Math.min(query.beforeMs ?? Infinity, parseMoment(value, nowMs, key));
    } else if (param !== null) {
      const [, name = '', comparison = '=', raw = ''] = param;
      query.params.push(knownParam(name, comparison as Comparison, unquote(raw)));
    } else if (plain !== '') query.words.push(plain.toLowerCase());
  }
  return query;
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

function knownId(value: string): number {
  const id = Number(value.replace(/^#/, ''));
  if (Number.isSafeInteger(id) && id > 0) return id;
  return refuse(`${shown(value)} is not the number of a trial.`, EXAMPLES.id);
}

function knownParam(name: string, comparison: Comparison, value: string): ParamTerm {
  if (value === '')
    refuse(`Nothing stands behind ${name}${comparison} in the search.`, `For example ${name}${comparison}0.1.`);
  const isOrder = comparison !== '=' && comparison !== '!=';
  if (isOrder && !isNumber(value))
    refuse(
      `${shown(value)} is not a number: ${name} cannot be compared with it by ${comparison}.`,
      `Numbers compare by < and >; texts by = and !=, for example ${name}=${value.slice(0, 40)}.`,
    );
  return { name, comparison, value };
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

const NUMBER = /^[+-]?(?:\d+[.]?\d*|[.]\d+)(?:e[+-]?\d+)?$/i;
const isNumber = (value: string): boolean => NUMBER.test(value);

/**
 * @param params the trial's parameters; groups may be nested
 * @returns whether the trial has the parameter and its value compares as asked; numbers compare as numbers, texts without case
 */
export function paramFits(params: Readonly<Record<string, unknown>>, { name, comparison, value }: ParamTerm): boolean {
  const found = paramAt(params, name);
  if (found === undefined) return false;
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  if (isNumber(text) && isNumber(value)) {
    const [left, right] = [Number(text), Number(value)];
    switch (comparison) {
      case '=':
        return left === right;
      case '!=':
        return left !== right;
      case '<':
        return left < right;
      case '<=':
        return left <= right;
      case '>':
        return left > right;
      case '>=':
        return left >= right;
    }
  }
  const isSame = text.toLowerCase() === value.toLowerCase();
  return comparison === '=' ? isSame : comparison === '!=' && !isSame;
}

/** By its whole name first: a key may hold a dot. */
function paramAt(params: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(params, name)) return params[name];
  let at: unknown = params;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}
