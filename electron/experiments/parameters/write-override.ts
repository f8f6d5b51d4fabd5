/** Writes an override so that it reads back as the same. Pure. */
import type { Override } from './override.ts';
import { isList, isMap, Quoted, writeFloat } from './value.ts';
import type { Element } from './value.ts';

const PREFIX = { change: '', add: '+', force: '++', delete: '~' } as const;

/** The same override with one value in place of its sweep. */
export function withValue(override: Override, element: Element): Override {
  const key = override.package === null ? override.key : `${override.key}@${override.package}`;
  return { ...override, value: { element }, text: `${PREFIX[override.kind]}${key}=${writeElement(element)}` };
}

/** The element in the grammar of overrides: `a\ b`, `[1,2]`, `{a:10,b:20}`, `0.1`, `'10'`. */
export function writeElement(element: Element): string {
  if (element instanceof Quoted) return quote(element);
  if (element === null) return 'null';
  if (typeof element === 'number') return writeFloat(element);
  if (isList(element)) return `[${(element as readonly Element[]).map(writeElement).join(',')}]`;
  if (isMap<Element>(element))
    return `{${[...element].map(([key, value]) => `${writeElement(key)}:${writeElement(value)}`).join(',')}}`;
  if (typeof element !== 'string') return String(element);
  return element.replaceAll(/[\\()[\]{}:=, \t]/g, (character) => `\\${character}`);
}

/** Backslashes mean something only before a quote or the end; there they are doubled. */
function quote({ text, quote: mark }: Quoted): string {
  const escaped = text.replaceAll(
    mark === "'" ? /(\\*)('|$)/g : /(\\*)("|$)/g,
    (_, slashes: string, end: string) => slashes + slashes + (end === '' ? '' : `\\${end}`),
  );
  return `${mark}${escaped}${mark}`;
}
