/** The systemd user unit of the headless engine, as text. Pure. Format: systemd.syntax(7), systemd.service(5). */

export interface ServiceFacts {
  /** Absolute; a Node that runs TypeScript. */
  readonly node: string;
  /** Absolute path of electron/serve.ts. */
  readonly serve: string;
  /** Environment of the engine; what is undefined is left to systemd. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @throws Error for a path or value with a line break, which no unit can carry */
export function formatUnit({ node, serve, env }: ServiceFacts): string {
  const variables = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`Environment=${quote(`${name}=${value}`)}`],
  );
  return [
    '# Written by "switchyard service install"; "switchyard service remove" takes it away.',
    '[Unit]',
    'Description=Switchyard, a queue for the GPUs of this machine',
    '',
    '[Service]',
    'Type=exec',
    // "$" begins a variable in a command line only.
    `ExecStart=${[node, serve].map((part) => quote(part).replaceAll('$', '$$$$')).join(' ')}`,
    ...variables,
    'Restart=on-failure',
    'RestartSec=2',
    '# Trials outlive the engine: stopping it must not stop them, and neither must one that runs out of memory stop the engine.',
    'KillMode=process',
    'OOMPolicy=continue',
    '# The first line printed is a login link, which belongs into no journal.',
    'StandardOutput=null',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

/** "%" begins a specifier everywhere in a unit. */
function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\u0000-\u001F\u007F]/.test(text))
    throw new Error(`${JSON.stringify(text)} has control characters, which a systemd unit cannot carry`);
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
}
