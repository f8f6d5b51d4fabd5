/**
 * The values that parameters have, kept apart as the files and DVC keep them: an integer is a bigint, a float a number, a mapping a Map
 * (its keys need not be strings), a list an array. Pure.
 */

/** A string that was written in quotes: it is never read as a number, and writes itself in quotes again. */
export class Quoted {
  readonly text: string;
  readonly quote: "'" | '"';
  constructor(text: string, quote: "'" | '"') {
    this.text = text;
    this.quote = quote;
  }
}

export type Scalar = null | boolean | bigint | number | string;
export type Value = Scalar | readonly Value[] | ReadonlyMap<Scalar, Value>;
/** As `Value`, with what an override still knows about its strings. */
export type Element = Scalar | Quoted | readonly Element[] | ReadonlyMap<Scalar, Element>;

export const isMap = <T>(value: T | ReadonlyMap<Scalar, T>): value is ReadonlyMap<Scalar, T> => value instanceof Map;
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** The float as Python's repr() spells it (shortest digits; exponents below 1e-4 and from 1e16 on): `0.1`, `10.0`, `1e-05`, `inf`, `nan`. */
export function writeFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 16) {
    const digits = mantissa.replace(/[-.]/g, '');
    const sign = Object.is(value, -0) || value < 0 ? '-' : '';
    if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
    const padded = digits.padEnd(power + 2, '0');
    return `${sign}${padded.slice(0, power + 1)}.${padded.slice(power + 1)}`;
  }
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** The plain value of an element: quotes are gone, nothing else changes. */
export function plain(element: Element): Value {
  if (element instanceof Quoted) return element.text;
  if (isList(element)) return (element as readonly Element[]).map(plain);
  if (isMap<Element>(element)) return new Map([...element].map(([key, value]) => [key, plain(value)]));
  return element as Scalar;
}

/** Whether two values are the same: 1 and 1.0 are not (a trial may tell them apart), the order of a mapping's keys does not count. */
export function same(a: Value, b: Value): boolean {
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => same(item as Value, b[i] as Value));
  if (isMap<Value>(a))
    return (
      isMap<Value>(b) &&
      a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && same(value, b.get(key) as Value))
    );
  return Object.is(a, b);
}

/** The value as JSON can hold it. Integers beyond 2^53 and infinite or missing numbers become text; keys become text. */
export function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : writeFloat(value);
  if (isList(value)) return value.map((item) => toJson(item as Value));
  if (isMap<Value>(value)) return Object.fromEntries([...value].map(([key, item]) => [keyText(key), toJson(item)]));
  return value;
}

/** A mapping's key as text, as a path names it. */
export const keyText = (key: Scalar): string => (typeof key === 'number' ? writeFloat(key) : String(key));

/** A float as the grammar and Python write it; NaN for `nan`. */
export function readFloat(text: string): number {
  const clean = text.replaceAll('_', '').toLowerCase();
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(clean);
  if (special !== null) return special[2] === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity;
  return Number(clean);
}
