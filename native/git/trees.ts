/** The trees of the repository: their form, and how a directory without files is kept in one. */
import type { ObjectReader } from './object-reader.ts';
import { ObjectDamaged } from './object-reader.ts';

/** git's name for a tree with nothing in it; it knows it without storing it. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
/** git stores no empty directory: this file stands in one. It is never written out. */
export const EMPTY_MARK = '.switchyard-empty-directory';
const OBJECT_BYTES = 20;
const TREES_AT_ONCE = 16;

export type StoredEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly executable: boolean; readonly blob: string }
  | { readonly kind: 'link'; readonly path: string; readonly blob: string };

/** @returns everything below a tree, parents first. @throws ObjectDamaged */
export async function listTree(reader: ObjectReader, tree: string): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  if (tree === EMPTY_TREE) return entries;
  let level: { readonly path: string; readonly tree: string }[] = [{ path: '', tree }];
  while (level.length > 0) {
    const next: { path: string; tree: string }[] = [];
    for (let from = 0; from < level.length; from += TREES_AT_ONCE) {
      const some = level.slice(from, from + TREES_AT_ONCE);
      const contents = await Promise.all(some.map((one) => reader.read(one.tree, 'tree')));
      for (const [index, content] of contents.entries()) {
        const { path, tree: name } = some[index] as { path: string; tree: string };
        for (const { mode, name: file, object } of parseTree(name, content)) {
          if (file === EMPTY_MARK) continue;
          const at = path === '' ? file : `${path}/${file}`;
          if (mode === '40000') {
            entries.push({ kind: 'directory', path: at });
            next.push({ path: at, tree: object });
          } else if (mode === '120000') entries.push({ kind: 'link', path: at, blob: object });
          else entries.push({ kind: 'file', path: at, executable: mode === '100755', blob: object });
        }
      }
    }
    level = next;
  }
  return entries;
}

/** @throws ObjectDamaged for what no submit of ours stored, so that no name leads elsewhere */
export function parseTree(tree: string, content: Buffer): { mode: string; name: string; object: string }[] {
  const entries: { mode: string; name: string; object: string }[] = [];
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at);
    const zero = content.indexOf(0, space);
    if (space === -1 || zero === -1) throw new ObjectDamaged(tree, 'a directory of it cannot be read');
    const mode = content.toString('latin1', at, space);
    const name = content.toString('utf8', space + 1, zero);
    at = zero + 1 + OBJECT_BYTES;
    if (!/^(40000|120000|100644|100755)$/.test(mode) || /^(|[.]{1,2}|.*\/.*)$/s.test(name) || at > content.length)
      throw new ObjectDamaged(tree, 'a directory of it cannot be read');
    entries.push({ mode, name, object: content.toString('hex', zero + 1, at) });
  }
  return entries;
}
