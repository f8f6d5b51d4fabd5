/** Decides what a request path of the UI means. Pure: no file is touched here. */

export type UiPath =
  /** The application's page: "/" and every path that does not name a file. */
  | { readonly kind: 'page' }
  | { readonly kind: 'file'; readonly segments: readonly string[] }
  | { readonly kind: 'refused' };

const MAX_LENGTH = 1_024;
// Control characters, and what some file system reads as something else: backslash (Windows separator), colon (Windows streams).
const UNSAFE = /[\p{Cc}\\:/]/u;

/**
 * @param pathname still percent-encoded, beginning with "/"
 * @returns segments that are plain names: never empty, never beginning with a dot, without separators in any encoding
 */
export function readUiPath(pathname: string): UiPath {
  if (pathname === '/') return { kind: 'page' };
  if (!pathname.startsWith('/') || pathname.length > MAX_LENGTH) return { kind: 'refused' };
  const segments: string[] = [];
  for (const encoded of pathname.slice(1).split('/')) {
    const segment = decodeOnce(encoded);
    // A leading dot covers "." and ".." as well as hidden files.
    if (segment === null || segment === '' || segment.startsWith('.') || UNSAFE.test(segment))
      return { kind: 'refused' };
    segments.push(segment);
  }
  return segments.at(-1)?.includes('.') === true ? { kind: 'file', segments } : { kind: 'page' };
}

function decodeOnce(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
