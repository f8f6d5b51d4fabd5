/** Values as YAML that readers of version 1.1 (PyYAML) and 1.2 (ruamel) both read as what they are. Pure. */
import { isList, isMap, writeFloat } from '../value.ts';
import type { Scalar, Value } from '../value.ts';
import type { Writer } from './located.ts';

/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const WORDS = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', 'null']);
/** Text that begins with a letter or an underscore and holds nothing that ends a plain scalar is safe without quotes, also within brackets. */
const PLAIN = /^[A-Za-z_](?:[\w./@+%*?|$-]| (?=[\w./@+%*?|$-]))*$/;

function writeText(text: string, old: string): string {
  const needsEscapes = /[^\P{C}]|[\u0085\u2028\u2029]/u.test(text);
  if (needsEscapes || old.startsWith('"'))
    return JSON.stringify(text).replaceAll(/[\u007F-\u009F\u2028\u2029\uFEFF]/g, escapeCode);
  if (old.startsWith("'") || !PLAIN.test(text) || WORDS.has(text.toLowerCase()))
    return `'${text.replaceAll("'", "''")}'`;
  return text;
}
const escapeCode = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function writeScalar(value: Scalar, old: string): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return writeText(value, old);
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  // YAML 1.1 takes 1e-05 for text; it wants a point.
  return writeFloat(value).replace(/^(-?\d+)e/, '$1.0e');
}

function inline(value: Value, old: string): string {
  if (isList(value)) return `[${value.map((item) => inline(item as Value, '')).join(', ')}]`;
  if (isMap<Value>(value))
    return `{${[...value].map(([key, item]) => `${writeScalar(key, '')}: ${inline(item, '')}`).join(', ')}}`;
  return writeScalar(value, old);
}

function entry(key: string, value: Value, indent: string, newline: string): string {
  const head = `${indent}${writeScalar(key, '')}:`;
  if (!isMap<Value>(value) || value.size === 0) return `${head} ${inline(value, '')}`;
  const inner = [...value].map(([name, item]) =>
    typeof name === 'string'
      ? entry(name, item, `${indent}  `, newline)
      : `${indent}  ${writeScalar(name, '')}: ${inline(item, '')}`,
  );
  return [head, ...inner].join(newline);
}

export const yamlWriter: Writer = { inline, key: (key) => writeScalar(key, ''), entry, colon: ': ' };
