/** What went wrong on the way to a machine, or there; and what ssh's own words mean. Pure. */

/**
 * `network`: tried again as it is; `auth`: somebody has to look (keys, host keys); `full`: no room there; `refused`: it will not work
 * this way; `not_found`: what was asked for is not there.
 */
export type SshFaultCode = 'network' | 'auth' | 'full' | 'refused' | 'not_found';

export class SshFault extends Error {
  readonly code: SshFaultCode;
  readonly remedy: string | null;
  /** Which of the findings of a check it belongs to. */
  readonly about: 'reach' | 'host_key' | 'login' | 'python' | 'there';
  constructor(code: SshFaultCode, message: string, remedy: string | null = null, about: SshFault['about'] = 'there') {
    super(message);
    this.name = 'SshFault';
    this.code = code;
    this.remedy = remedy;
    this.about = about;
  }
}

/** What ssh says when it goes; the first that fits counts. */
const MEANINGS: readonly {
  readonly pattern: RegExp;
  readonly make: (host: string, line: string) => SshFault;
}[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    make: (host) =>
      new SshFault(
        'auth',
        `${host} shows another host key than before: it was installed anew, or somebody stands in between.`,
        `Ask who looks after it. If the new key is right: ssh-keygen -R ${quoteName(host)}, then ssh ${host} true`,
        'host_key',
      ),
  },
  {
    pattern: /Host key verification failed|host key is known for .* and you have requested strict checking/,
    make: (host) =>
      new SshFault(
        'auth',
        `The host key of ${host} is not known here.`,
        `Connect once by hand and compare the fingerprint: ssh ${host} true`,
        'host_key',
      ),
  },
  {
    pattern: /Too many authentication failures/,
    make: (host) =>
      new SshFault(
        'auth',
        `${host} was offered too many keys.`,
        `Name the right one in ~/.ssh/config: Host ${host}, IdentityFile ..., IdentitiesOnly yes`,
        'login',
      ),
  },
  {
    pattern: /Permission denied|No supported authentication methods|sign_and_send_pubkey/,
    make: (host) =>
      new SshFault(
        'auth',
        `${host} does not let us in without a password.`,
        `Put your key there: ssh-copy-id ${host}. A key with a passphrase has to be in an agent that the engine sees (SSH_AUTH_SOCK).`,
        'login',
      ),
  },
  {
    pattern: /Could not resolve hostname|Name or service not known|nodename nor servname/,
    make: (host) =>
      new SshFault(
        'network',
        `The name ${host} leads nowhere.`,
        'Is it written as in ~/.ssh/config? Does this machine have a network?',
        'reach',
      ),
  },
  {
    pattern: /Bad configuration option|terminating, \d+ bad configuration|Bad owner or permissions/,
    make: (_host, line) => new SshFault('refused', `ssh refuses its configuration: ${line}`, 'Mend it.', 'reach'),
  },
  {
    pattern: /Connection refused/,
    make: (host) =>
      new SshFault('network', `${host} answers, but nothing listens for ssh there.`, `Type: ssh ${host} true`, 'reach'),
  },
  {
    pattern:
      /(?:python3: (?:command )?not found|Unknown command:? '?python3|No such file or directory.*python3|python3.*No such file)/,
    make: (host) =>
      new SshFault(
        'refused',
        `There is no Python on ${host}.`,
        'Install Python 3.8 or newer there, for example: sudo apt install python3',
        'python',
      ),
  },
];

/** @param said all ssh wrote to stderr @param exitCode of ssh; 255 is its own */
export function explainSshEnd(host: string, said: string, exitCode: number | null): SshFault {
  const lines = said
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('@@') && !line.startsWith('Warning: Permanently added'));
  for (const { pattern, make } of MEANINGS) {
    const line = lines.find((one) => pattern.test(one)) ?? (pattern.test(said) ? (lines.at(-1) ?? '') : null);
    if (line !== null) return make(host, clip(line));
  }
  const last = clip(lines.at(-1) ?? '');
  const because = last === '' ? '' : `: ${last}`;
  if (exitCode === 127)
    return new SshFault(
      'refused',
      `${host} does not run python3${because}`,
      'Install Python 3.8 or newer there, for example: sudo apt install python3',
      'python',
    );
  return new SshFault('network', `${host} cannot be reached${because}`, `Type: ssh ${host} true`, 'reach');
}

function quoteName(host: string): string {
  return host.slice(host.lastIndexOf('@') + 1);
}

/** What a stranger's machine says goes no further than a line of plain text. */
export function clip(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
  return plain.length > 300 ? `${plain.slice(0, 299)}…` : plain;
}
