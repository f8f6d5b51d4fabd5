/** How the user's own ssh is called. Pure. */

/** Seconds; what is silent for longer than interval x count is given up. */
const CONNECT_TIMEOUT_S = 10;
const ALIVE_EVERY_S = 5;
const ALIVE_COUNT = 3;

/**
 * Arguments for `ssh`. The user's configuration, agent, jump hosts and known hosts count; a connection of theirs that is shared is
 * used, and none is made for others to share. Nothing is asked: who cannot be reached without a question is not reached.
 * @param host as it was checked on its way in (contract/targets.ts)
 * @param words the command; each arrives as it is, whatever the login shell there
 */
export function sshArgs(host: string, words: readonly string[]): string[] {
  if (host === '' || host.startsWith('-')) throw new Error('a host does not begin with a dash');
  const settings = [
    'BatchMode=yes',
    `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
    `ServerAliveInterval=${ALIVE_EVERY_S}`,
    `ServerAliveCountMax=${ALIVE_COUNT}`,
    'ControlMaster=no',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'RemoteCommand=none',
    'RequestTTY=no',
  ];
  return [...settings.flatMap((setting) => ['-o', setting]), '--', host, words.map(quote).join(' ')];
}

/** One word for sh, csh or fish. */
export function quote(word: string): string {
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
