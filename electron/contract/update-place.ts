/** Where the desktop app looks for new versions: a setting's text, understood. Pure, and needs no library. */

export type UpdatePlace =
  | { readonly kind: 'off' }
  | { readonly kind: 'directory'; readonly path: string }
  /** Its address, without a slash at the end. */
  | { readonly kind: 'server'; readonly url: string };

export const UPDATES_OFF = 'off';
/** Reads on after "it is". */
export const UPDATE_PLACES = 'off, the full path of a directory, or an https address';

/** @returns the place; a sentence for people where the text names none */
export function readUpdatePlace(text: string): UpdatePlace | string {
  const place = text.trim();
  if (place === '' || place.toLowerCase() === UPDATES_OFF) return { kind: 'off' };
  if (/^(\/|[a-z]:[\\/])/i.test(place)) return { kind: 'directory', path: place };
  const url = URL.canParse(place) ? new URL(place) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    return `is ${UPDATE_PLACES}; "${place.slice(0, 80)}" is none of these`;
  if (url.username !== '' || url.password !== '') return 'holds a name or a password, and settings keep no secrets';
  if (url.search !== '' || url.hash !== '') return 'goes on after "?" or "#"; name the directory of the server alone';
  // What arrives becomes the program: nobody on the way may change both a file and the checksum beside it.
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    return 'needs https: over http, anybody on the way could send another program';
  return { kind: 'server', url: url.href.replace(/\/+$/, '') };
}
