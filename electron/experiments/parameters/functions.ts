/**
 * The functions of an override's value: casts (int, float, str, bool) and sweeps (choice, range, interval, glob, tag, sort, shuffle),
 * with Hydra's results (hydra.cc/docs/advanced/override_grammar/extended). Pure.
 */
import { suggest } from '../../text/nearest.ts';
import type { Sweep } from './override.ts';
import { shuffled } from './shuffle.ts';
import { isList, isMap, Quoted, readFloat, writeFloat } from './value.ts';
import type { Element, Scalar } from './value.ts';

export type Argument = { readonly element: Element } | { readonly sweep: Sweep };
type Named = ReadonlyMap<string, Argument>;
type Call = (positional: readonly Argument[], named: Named, random: () => number) => Argument;

const describe = (element: Element): string => {
  if (element instanceof Quoted) return `'${element.text}'`;
  if (element === null) return 'null';
  if (isList(element)) return 'a list';
  if (isMap<Element>(element)) return 'a mapping';
  return typeof element === 'number' ? writeFloat(element) : `'${String(element)}'`;
};

function elementOf(argument: Argument | undefined, what: string): Element {
  if (argument === undefined) throw new Error(`${what} is missing`);
  if ('sweep' in argument) throw new Error(`${what} cannot be a sweep`);
  return argument.element;
}

function numberOf(argument: Argument | undefined, what: string): bigint | number {
  const element = elementOf(argument, what);
  if (typeof element !== 'bigint' && typeof element !== 'number')
    throw new Error(`${what} must be a number, not ${describe(element)}`);
  return element;
}

/** Named arguments that the function does not have are refused; a named one fills its place among the positional. */
function fill(names: readonly string[], positional: readonly Argument[], named: Named): (Argument | undefined)[] {
  if (positional.length > names.length)
    throw new Error(`it takes at most ${names.length} arguments, not ${positional.length}`);
  const filled: (Argument | undefined)[] = names.map((_, i) => positional[i]);
  for (const [name, value] of named) {
    const place = names.indexOf(name);
    if (place < 0) throw new Error(`it has no argument '${name}'; it has ${names.join(', ')}`);
    if (filled[place] !== undefined) throw new Error(`'${name}' is given twice`);
    filled[place] = value;
  }
  return filled;
}

// --- casts

type Cast = (scalar: Scalar, shown: string) => Scalar;

const toInt: Cast = (value, shown) => {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value));
  if (typeof value === 'string' && /^\s*[+-]?\d(?:_?\d)*\s*$/.test(value))
    return BigInt(value.trim().replaceAll('_', '').replace(/^\+/, ''));
  throw new Error(`${shown} is no integer`);
};
const toFloat: Cast = (value, shown) => {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (
    typeof value === 'string' &&
    /^\s*[+-]?(?:inf|infinity|nan|(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:e[+-]?\d+)?)\s*$/i.test(value)
  )
    return readFloat(value.trim());
  throw new Error(`${shown} is no number`);
};
const toText: Cast = (value) => (typeof value === 'number' ? writeFloat(value) : String(value));
const toBool: Cast = (value, shown) => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string' && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new Error(`${shown} is neither true nor false`);
};

function castElement(element: Element, cast: Cast): Element {
  if (isList(element)) return (element as readonly Element[]).map((item) => castElement(item, cast));
  if (isMap<Element>(element)) return new Map([...element].map(([key, value]) => [key, castElement(value, cast)]));
  return cast(element instanceof Quoted ? element.text : (element as Scalar), describe(element));
}

const castWith =
  (cast: Cast): Call =>
  (positional, named) => {
    const [argument] = fill(['value'], positional, named);
    if (argument === undefined) throw new Error('a value is missing');
    if ('element' in argument) return { element: castElement(argument.element, cast) };
    return { sweep: castSweep(argument.sweep, cast) };
  };

function castSweep(sweep: Sweep, cast: Cast): Sweep {
  const castNumber = (value: bigint | number): bigint | number => {
    const result = cast(value, String(value));
    if (typeof result !== 'bigint' && typeof result !== 'number')
      throw new Error(`a ${sweep.kind} can only be cast to int or float`);
    return result;
  };
  switch (sweep.kind) {
    case 'choice':
      return { ...sweep, items: sweep.items.map((item) => castElement(item, cast)) };
    case 'range':
      return { ...sweep, start: castNumber(sweep.start), stop: castNumber(sweep.stop), step: castNumber(sweep.step) };
    case 'interval':
      return { ...sweep, start: Number(castNumber(sweep.start)), end: Number(castNumber(sweep.end)) };
    case 'glob':
      throw new Error('a glob cannot be cast');
  }
}

// --- sweeps

const choiceOf = (items: readonly Element[], simple: boolean, shuffle = false): Sweep => ({
  kind: 'choice',
  items,
  simple,
  shuffle,
  tags: [],
});

const choice: Call = (positional, named) => {
  if (named.size > 0) throw new Error('choice takes plain values only');
  if (positional.length === 0) throw new Error('an empty choice is not possible');
  return {
    sweep: choiceOf(
      positional.map((argument) => elementOf(argument, 'a choice')),
      false,
    ),
  };
};

const range: Call = (positional, named) => {
  const [start, stop, step] = fill(['start', 'stop', 'step'], positional, named);
  // One number alone is where it stops, as in Python; also beside a named step.
  const alone = stop === undefined;
  const sweep = {
    kind: 'range' as const,
    start: alone ? 0n : numberOf(start, 'start'),
    stop: alone ? numberOf(start, 'stop') : numberOf(stop, 'stop'),
    step: step === undefined ? 1n : numberOf(step, 'step'),
    shuffle: false,
    tags: [],
  };
  for (const [what, value] of Object.entries({ start: sweep.start, stop: sweep.stop, step: sweep.step }))
    if (!Number.isFinite(Number(value))) throw new Error(`${what} must be a finite number`);
  if (Number(sweep.step) === 0) throw new Error('the step must not be 0');
  return { sweep };
};

const interval: Call = (positional, named) => {
  const [start, end] = fill(['start', 'end'], positional, named);
  return {
    sweep: { kind: 'interval', start: Number(numberOf(start, 'start')), end: Number(numberOf(end, 'end')), tags: [] },
  };
};

const textsOf = (argument: Argument | undefined, what: string): string[] => {
  if (argument === undefined) return [];
  const element = elementOf(argument, what);
  return (isList(element) ? (element as readonly Element[]) : [element]).map((item) => {
    if (item instanceof Quoted) return item.text;
    if (typeof item !== 'string') throw new Error(`${what} must be text`);
    return item;
  });
};
const glob: Call = (positional, named) => {
  const [include, exclude] = fill(['include', 'exclude'], positional, named);
  return { sweep: { kind: 'glob', include: textsOf(include, 'include'), exclude: textsOf(exclude, 'exclude') } };
};

const tag: Call = (positional, named) => {
  const last = positional.at(-1) ?? named.get('sweep');
  if (last === undefined || !('sweep' in last)) throw new Error('the last argument of tag must be a sweep');
  if (last.sweep.kind === 'glob') throw new Error('a glob cannot be tagged');
  const tags = positional.slice(0, -1).flatMap((argument) => textsOf(argument, 'a tag'));
  return { sweep: { ...last.sweep, tags } };
};

/** Ranks what Python can order: numbers (true is 1) among themselves, texts among themselves. */
function compare(a: Element, b: Element): number {
  const left = a instanceof Quoted ? a.text : a;
  const right = b instanceof Quoted ? b.text : b;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right);
  const isNumber = (value: unknown): boolean => ['number', 'bigint', 'boolean'].includes(typeof value);
  if (!isNumber(left) || !isNumber(right))
    throw new Error(`${describe(a)} and ${describe(b)} have no order between them`);
  return Number(left) - Number(right);
}

const sort: Call = (positional, named) => {
  for (const name of named.keys())
    if (name !== 'reverse') throw new Error(`it has no argument '${name}'; it has reverse`);
  const reverse =
    named.has('reverse') && toBool(elementOf(named.get('reverse'), 'reverse') as Scalar, 'reverse') === true;
  const ordered = (items: readonly Element[]): Element[] =>
    items.toSorted((a, b) => (reverse ? compare(b, a) : compare(a, b)));
  if (positional.length === 0) throw new Error('there is nothing to sort');
  if (positional.length > 1)
    return { sweep: choiceOf(ordered(positional.map((argument) => elementOf(argument, 'what is sorted'))), true) };
  const [argument] = positional as [Argument];
  if ('element' in argument)
    return isList(argument.element) ? { element: ordered(argument.element as readonly Element[]) } : argument;
  const { sweep } = argument;
  if (sweep.kind === 'choice') return { sweep: { ...sweep, items: ordered(sweep.items) } };
  if (sweep.kind === 'range') return { sweep: sortRange(sweep, reverse) };
  throw new Error(`an ${sweep.kind} cannot be sorted`);
};

/** The same numbers in rising (or falling) order: a range that runs the other way is turned round, one step beyond its last number. */
function sortRange(sweep: Extract<Sweep, { kind: 'range' }>, reverse: boolean): Sweep {
  if (Number(sweep.step) > 0 !== reverse) return sweep;
  const { start, stop, step } = sweep;
  if (typeof start === 'bigint' && typeof stop === 'bigint' && typeof step === 'bigint')
    return { ...sweep, start: stop - step, stop: start - step, step: -step };
  const [from, to, by] = [Number(start), Number(stop), Number(step)];
  return { ...sweep, start: to - by, stop: from - by, step: -by };
}

const shuffle: Call = (positional, named, random) => {
  if (named.size > 0) throw new Error('shuffle takes plain values or one sweep');
  if (positional.length === 0) throw new Error('there is nothing to shuffle');
  if (positional.length > 1)
    return {
      sweep: choiceOf(
        positional.map((argument) => elementOf(argument, 'what is shuffled')),
        true,
        true,
      ),
    };
  const [argument] = positional as [Argument];
  if ('element' in argument)
    return isList(argument.element) ? { element: shuffled(argument.element as readonly Element[], random) } : argument;
  if (argument.sweep.kind === 'choice' || argument.sweep.kind === 'range')
    return { sweep: { ...argument.sweep, shuffle: true } };
  throw new Error(`an ${argument.sweep.kind} cannot be shuffled`);
};

const FUNCTIONS: Readonly<Record<string, Call>> = {
  int: castWith(toInt),
  float: castWith(toFloat),
  str: castWith(toText),
  bool: castWith(toBool),
  choice,
  range,
  interval,
  glob,
  tag,
  sort,
  shuffle,
};

/**
 * @param random 0 to 1, for a list that is to be shuffled
 * @returns the value or sweep that the call means
 * @throws Error in words: the function is not known (with the near one), or its arguments do not fit
 */
export function callFunction(
  name: string,
  positional: readonly Argument[],
  named: Named,
  random: () => number,
): Argument {
  if (!Object.hasOwn(FUNCTIONS, name)) {
    const near = suggest(name, Object.keys(FUNCTIONS));
    throw new Error(
      `there is no function '${name}'${near === null ? '' : `; did you mean ${near}?`} Put the value in quotes if it is a text.`,
    );
  }
  return (FUNCTIONS[name] as Call)(positional, named, random);
}
