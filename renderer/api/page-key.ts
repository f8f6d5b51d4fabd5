/**
 * The page's half of a session. The browser sends the cookie to every port of this host, so it proves nothing alone; what a page
 * stores belongs to its origin, port included, and only our own page can show it. The desktop window needs none.
 */

const NAME = 'switchyard-page-key';
const HEADER = 'x-switchyard-page';

/** Where the browser keeps nothing, the key lives as long as the page. */
let kept: string | null = null;

export function keepPageKey(key: string): void {
  kept = key;
  try {
    localStorage.setItem(NAME, key);
  } catch {
    // Storage is switched off: a reload asks for a new login link.
  }
}

/** @returns the header that goes with every request; read each time, because another tab may have signed in anew */
export function pageKeyHeader(): Readonly<Record<string, string>> {
  let key = kept;
  try {
    key = localStorage.getItem(NAME) ?? kept;
  } catch {
    // As above.
  }
  return key === null ? {} : { [HEADER]: key };
}
