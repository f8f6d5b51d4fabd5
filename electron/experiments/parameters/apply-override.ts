/** What one override changes in the values of a file, by DVC's rules; the changes are made by the file's format. Pure. */
import { suggest } from '../../text/nearest.ts';
import { isList, isMap, keyText, plain, same } from './value.ts';
import type { Scalar, Value } from './value.ts';
import type { Edit, Path } from './files/format.ts';
import { OverrideError } from './override.ts';
import type { Override } from './override.ts';
import { writeElement } from './write-override.ts';

/** The value under one step of a path; undefined where there is none. */
function child(value: Value, step: string): Value | undefined {
  if (isList(value)) return /^(?:0|[1-9]\d*)$/.test(step) ? (value[Number(step)] as Value | undefined) : undefined;
  if (!isMap<Value>(value)) return undefined;
  if (value.has(step)) return value.get(step);
  for (const [key, item] of value) if (typeof key !== 'string' && keyText(key) === step) return item;
  return undefined;
}

export function valueAt(root: Value, path: Path): Value | undefined {
  let at: Value | undefined = root;
  for (const step of path) {
    if (at === undefined) return undefined;
    at = child(at, step);
  }
  return at;
}

const show = (value: Value): string => (isMap(value) ? 'a mapping' : isList(value) ? 'a list' : writeElement(value));

/** Why a path does not exist: where it ends, and what is near it there. */
function whyMissing(root: Value, path: Path): string {
  for (let depth = 0; depth < path.length; depth += 1) {
    const at = valueAt(root, path.slice(0, depth)) as Value;
    const step = path[depth] as string;
    if (child(at, step) !== undefined) continue;
    const where = depth === 0 ? '' : ` in ${path.slice(0, depth).join('.')}`;
    if (isList(at)) {
      const items = at.length === 1 ? '1 item' : `${at.length} items`;
      return /^\d+$/.test(step)
        ? `the list${where} has ${items}, so no item ${step} (they count from 0)`
        : `${path.slice(0, depth).join('.')} is a list: name an item by its number`;
    }
    if (!isMap<Value>(at)) return `${path.slice(0, depth).join('.')} is ${show(at)}, so it has no '${step}'`;
    const near = suggest(step, [...at.keys()].map(keyText));
    return `there is no '${step}'${where}${near === null ? '' : `; did you mean '${[...path.slice(0, depth), near].join('.')}'?`}`;
  }
  return 'it is not there';
}

/**
 * @param root the file's values
 * @param override with one value, no sweep
 * @returns the changes in the order in which they must be made; none where nothing changes
 * @throws OverrideError with the cause, and with the near key where one is meant
 */
export function editsOf(root: Value, override: Override): readonly Edit[] {
  const refuse = (message: string): never => {
    throw new OverrideError(override.text, message);
  };
  if (override.value !== undefined && 'sweep' in override.value) refuse('it is a sweep: it makes several variants');
  if (override.package !== null) refuse("'@' names a package of a Hydra configuration; a parameter file has none");
  if (override.key === '') refuse('the key is missing before the =');
  if (override.key.includes('/')) refuse(`there is no '${override.key}': parts of a path are divided by dots`);
  const path = override.key.split('.');
  const present = valueAt(root, path);
  if (override.kind === 'delete') {
    if (present === undefined) return refuse(`${whyMissing(root, path)}, so nothing can be deleted`);
    if (override.value !== undefined && 'element' in override.value) {
      const wanted = plain(override.value.element);
      // ~key=null deletes whatever is there, as in DVC.
      if (wanted !== null && !same(present, wanted))
        refuse(`${override.key} is ${show(present)} and not ${show(wanted)}, so it was not deleted`);
    }
    return [{ kind: 'delete', path }];
  }
  if (override.value === undefined || !('element' in override.value)) return refuse('a value is missing');
  const value = interpolate(plain(override.value.element), root, refuse);
  if (override.kind === 'change') {
    if (present === undefined) return refuse(`${whyMissing(root, path)} (+${override.key}=... adds it)`);
    return merge(present, value, path, false, refuse);
  }
  const isContainer = isMap(value) || isList(value);
  if (override.kind === 'add' && present !== undefined && present !== null && !isContainer)
    refuse(`${override.key} is there already, as ${show(present)} (++${override.key}=... changes or adds)`);
  if (present !== undefined) return merge(present, value, path, true, refuse);
  return [insertion(root, path, value, refuse)];
}

/** A mapping is merged into a mapping, key by key; everything else is replaced. */
function merge(present: Value, value: Value, path: Path, mayAdd: boolean, refuse: (message: string) => never): Edit[] {
  if (!isMap<Value>(present) || !isMap<Value>(value)) return same(present, value) ? [] : [{ kind: 'set', path, value }];
  return [...value].flatMap(([key, item]): Edit[] => {
    const inner = [...path, keyText(key)];
    const old = child(present, keyText(key));
    if (old !== undefined) return merge(old, item, inner, mayAdd, refuse);
    if (!mayAdd)
      refuse(`${whyMissing(present, [keyText(key)])} in ${path.join('.')} (+${path.join('.')}={...} adds it)`);
    return [{ kind: 'insert', path: inner, value: item }];
  });
}

/** The first mapping on the way that exists gets the new key; what is missing below it is made around the value. */
function insertion(root: Value, path: Path, value: Value, refuse: (message: string) => never): Edit {
  for (let depth = path.length - 1; depth >= 0; depth -= 1) {
    const parent = valueAt(root, path.slice(0, depth));
    if (parent === undefined) continue;
    const rest = path.slice(depth + 1);
    const wrapped = rest.reduceRight<Value>((inner, key) => new Map([[key, inner]]), value);
    if (isMap(parent)) return { kind: 'insert', path: path.slice(0, depth + 1), value: wrapped };
    if (parent === null)
      return { kind: 'set', path: path.slice(0, depth), value: new Map([[path[depth] as Scalar, wrapped]]) };
    return refuse(whyMissing(root, path));
  }
  return refuse('it has no place');
}

/** `${a.b}` stands for another value of the same file: alone for the value itself, within a text for its text. */
function interpolate(value: Value, root: Value, refuse: (message: string) => never): Value {
  if (isList(value)) return value.map((item) => interpolate(item as Value, root, refuse));
  if (isMap<Value>(value)) return new Map([...value].map(([key, item]) => [key, interpolate(item, root, refuse)]));
  if (typeof value !== 'string') return value;
  const look = (name: string): Value => {
    const found = /^[\w$.-]+$/.test(name) ? valueAt(root, name.split('.')) : undefined;
    return (
      found ??
      refuse(
        `\${${name}} names no value of this file (quote the text with \\$ outside of {} if it is meant as it stands)`,
      )
    );
  };
  const alone = /^\$\{([^{}]*)\}$/.exec(value);
  if (alone !== null) return look(alone[1] as string);
  return value.replaceAll(/\$\{([^{}]*)\}/g, (_, name: string) => {
    const found = look(name);
    if (isList(found) || isMap(found)) return refuse(`\${${name}} is ${show(found)} and cannot stand within a text`);
    return typeof found === 'string' ? found : writeElement(found);
  });
}
