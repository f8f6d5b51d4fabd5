/** What the window may show, load and open elsewhere. Pure. */

export const APP_SCHEME = 'app';
export const APP_HOST = 'switchyard';
/** Everything the window shows comes from here; there is no remote content at all. */
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;

/** Sites the user interface links to for help; they open in the user's own browser. */
const HELP_HOSTS: ReadonlySet<string> = new Set(['docs.docker.com', 'docs.nvidia.com', 'git-scm.com']);

const NETWORK_PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:', 'ftp:', 'file:']);

/** @returns whether a frame of ours may navigate to this address */
export function isOwnAddress(address: string): boolean {
  const url = parse(address);
  return (
    url !== null &&
    url.protocol === `${APP_SCHEME}:` &&
    url.host === APP_HOST &&
    url.username === '' &&
    url.password === ''
  );
}

/** @returns whether a download may come from this address: ours, or data the page itself made */
export function isOwnDownload(address: string): boolean {
  return isOwnAddress(address) || address.startsWith(`blob:${APP_ORIGIN}/`);
}

/** @returns whether the page asks the network or the disk for something: both are refused whatever the page's policy says */
export function isNetworkAddress(address: string): boolean {
  const url = parse(address);
  return url === null || NETWORK_PROTOCOLS.has(url.protocol);
}

/** @returns the address to open in the user's browser, as parsed and written again; null when it is not on the list */
export function externalAddress(address: string): string | null {
  const url = parse(address);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.port !== '')
    return null;
  return HELP_HOSTS.has(url.hostname) ? url.href : null;
}

function parse(address: string): URL | null {
  return URL.parse(address);
}
