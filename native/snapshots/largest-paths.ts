/** Which files and directories of a tree take the most room. Pure. */

/** Share of a directory's bytes from which a part of it is named instead. */
const MAIN_PART = 0.95;

/**
 * Sums files by directory. A directory stands for what is in it, unless nearly all of that is in one place further down, which says more.
 * @returns the largest, none inside another; directories end with a slash
 */
export function findLargest(
  files: readonly { readonly path: string; readonly bytes: number }[],
  atMost: number,
): { readonly path: string; readonly bytes: number; readonly files: number | null }[] {
  interface Node {
    bytes: number;
    files: number;
    readonly children: Map<string, Node>;
  }
  const root: Node = { bytes: 0, files: 0, children: new Map() };
  for (const file of files) {
    let at = root;
    for (const part of file.path.split('/')) {
      let next = at.children.get(part);
      if (next === undefined) at.children.set(part, (next = { bytes: 0, files: 0, children: new Map() }));
      next.bytes += file.bytes;
      next.files += 1;
      at = next;
    }
  }
  const descend = (at: string, node: Node): { path: string; bytes: number; files: number | null } => {
    const main = [...node.children].find(([, child]) => child.bytes >= node.bytes * MAIN_PART);
    if (main !== undefined) return descend(`${at}/${main[0]}`, main[1]);
    return node.children.size === 0
      ? { path: at, bytes: node.bytes, files: null }
      : { path: `${at}/`, bytes: node.bytes, files: node.files };
  };
  return [...root.children]
    .toSorted(([, a], [, b]) => b.bytes - a.bytes)
    .slice(0, atMost)
    .map(([name, node]) => descend(name, node));
}
