/** `switchyard service ...`: the headless engine as a systemd user service. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { engineModule, engineNode } from '../../client/engine-program.ts';
import type { EngineInfo } from '../../contract/feed.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';
import { formatUnit } from '../service-unit.ts';
import { takeShellEnvironment } from '../shell-environment.ts';
import { stopEngine } from '../stop-engine.ts';
import { plain } from '../table.ts';

const UNIT = 'switchyard.service';
const SYSTEMCTL_TIMEOUT_MS = 30_000;

interface Json {
  readonly json?: boolean;
}

export const build: BuildVerb = (context) => {
  const service = createVerb(
    'service',
    'The engine as a systemd service of yours: it starts when you log in (with lingering: when the machine starts) and again when it fails.',
    ['service install', 'service status', 'service remove'],
    context,
  );
  service
    .usage('VERB')
    .argument('[words...]')
    .action((words: string[]) => {
      throw usageError(
        words[0] === undefined ? 'service needs to know what to do.' : `service does not know "${words[0]}".`,
        'It knows install, remove, status.',
      );
    });
  service.addCommand(
    createVerb('install', 'Write the unit, enable it and start it.', ['service install'], context).action(
      (flags: Json) => install(context, flags),
    ),
  );
  service.addCommand(
    createVerb(
      'remove',
      'Stop the service and remove its unit. Running trials go on.',
      ['service remove'],
      context,
    ).action((flags: Json) => remove(context, flags)),
  );
  service.addCommand(
    createVerb('status', 'Whether it is installed and runs.', ['service status'], context).action((flags: Json) =>
      status(context, flags),
    ),
  );
  return service;
};

async function install(context: CommandContext, flags: Json): Promise<void> {
  const { terminal } = context;
  requireLinux();
  if ((await systemctl(context, ['--version'])).kind === 'missing') throw noSystemd();
  const file = unitFile(terminal.env);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(
    file,
    formatUnit({ node: engineNode(), serve: engineModule('serve'), env: engineEnvironment(terminal.env) }),
  );
  const order = async (...args: string[]): Promise<void> => {
    const done = await systemctl(context, args);
    if (done.kind === 'failed')
      throw new CliError(
        ExitCode.failed,
        `Wrote ${file}, but systemd did not take it: ${done.why}`,
        'In a login session of yours, run: systemctl --user daemon-reload && systemctl --user enable --now switchyard',
      );
  };
  await order('daemon-reload');
  const isInWindow = await runsInWindow(context);
  // One engine at a time: the service takes over from one in the background.
  if (!isInWindow && (await stopEngine(context)))
    terminal.note('Stopped the engine that ran in the background; the service takes over. Running trials go on.');
  await order('enable', ...(isInWindow ? [] : ['--now']), UNIT);
  show(
    context,
    flags.json,
    { installed: true, file, started: !isInWindow },
    () => `Installed ${file}${isInWindow ? '' : ' and started the engine'}.`,
  );
  if (isInWindow)
    terminal.note('The desktop app runs the engine now. When you quit it: systemctl --user start switchyard');
  if (!isLingering())
    terminal.note('It runs while you are logged in. To have it run from boot on: loginctl enable-linger');
}

async function remove(context: CommandContext, flags: Json): Promise<void> {
  requireLinux();
  const file = unitFile(context.terminal.env);
  if (!fs.existsSync(file)) {
    show(context, flags.json, { removed: false, file }, () => 'The service is not installed.');
    return;
  }
  const disabled = await systemctl(context, ['disable', '--now', UNIT]);
  fs.rmSync(file, { force: true });
  await systemctl(context, ['daemon-reload']);
  show(context, flags.json, { removed: true, file }, () => `Removed ${file}. Running trials go on.`);
  if (disabled.kind !== 'done')
    context.terminal.note('systemd could not be asked to stop it; if the engine still runs: switchyard stop');
}

async function status(context: CommandContext, flags: Json): Promise<void> {
  requireLinux();
  const file = unitFile(context.terminal.env);
  const isInstalled = fs.existsSync(file);
  const active = isInstalled ? await systemctl(context, ['is-active', UNIT]) : null;
  // "inactive" comes with an exit code other than 0, but it is an answer.
  const state = active === null ? null : active.kind === 'missing' ? 'unknown' : active.out.trim() || 'unknown';
  const isRunning = (await context.connectIfRunning()) !== null;
  show(
    context,
    flags.json,
    { installed: isInstalled, file, state, engineRuns: isRunning, lingering: isLingering() },
    () => [
      isInstalled
        ? `Installed (${file}), ${plain(state ?? '')}${state === 'unknown' ? ': systemd does not answer here' : ''}.`
        : 'Not installed. Install it: switchyard service install',
      `An engine ${isRunning ? 'runs' : 'does not run'}${isRunning && state !== 'active' ? ', but not as the service' : ''}.`,
      ...(isInstalled && !isLingering()
        ? ['It runs while you are logged in. To have it run from boot on: loginctl enable-linger']
        : []),
    ],
  );
}

function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new CliError(
    ExitCode.failed,
    'The service is one of systemd, which this system does not have.',
    `Let the desktop app start at login (switchyard settings startAtLogin on), or run this at login: ${engineNode()} ${engineModule('serve')}`,
  );
}

function noSystemd(): CliError {
  return new CliError(
    ExitCode.failed,
    'There is no systemctl here, so no service could be installed.',
    `Have your own init system, or "crontab -e" with a line "@reboot ...", run: ${engineNode()} ${engineModule('serve')}`,
  );
}

function unitFile(env: NodeJS.ProcessEnv): string {
  const config = env['XDG_CONFIG_HOME'];
  return path.join(
    config !== undefined && path.isAbsolute(config) ? config : path.join(env['HOME'] ?? os.homedir(), '.config'),
    'systemd',
    'user',
    UNIT,
  );
}

/** systemd starts it with nearly nothing. An environment activated here now is not the engine's: each submit brings its own. */
function engineEnvironment(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const activated = [env['VIRTUAL_ENV'], env['CONDA_PREFIX']].flatMap((dir) =>
    dir === undefined || dir === '' ? [] : [path.join(dir, 'bin')],
  );
  const searched = takeShellEnvironment(env, '/').variables['PATH'];
  const search = searched
    ?.split(path.delimiter)
    .filter((entry) => !activated.includes(entry))
    .join(path.delimiter);
  return {
    PATH: search,
    SWITCHYARD_HOME: env['SWITCHYARD_HOME'],
    DOCKER_HOST: env['DOCKER_HOST'],
    XDG_DATA_HOME: env['XDG_DATA_HOME'],
  };
}

async function runsInWindow(context: CommandContext): Promise<boolean> {
  const client = await context.connectIfRunning();
  return client !== null && (await client.request<{ engine: EngineInfo }>('GET', '/state')).engine.shell === 'desktop';
}

/** logind keeps a file per user whose services run without a session. */
function isLingering(): boolean {
  return fs.existsSync(path.join('/var/lib/systemd/linger', os.userInfo().username));
}

type Answer =
  { readonly kind: 'done' | 'failed'; readonly out: string; readonly why: string } | { readonly kind: 'missing' };

function systemctl({ terminal }: CommandContext, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(
      'systemctl',
      ['--user', ...args],
      { env: terminal.env, timeout: SYSTEMCTL_TIMEOUT_MS },
      (error, stdout, stderr) => {
        if (error !== null && error.code === 'ENOENT') resolve({ kind: 'missing' });
        else
          resolve({
            kind: error === null ? 'done' : 'failed',
            out: stdout,
            why: plain(stderr.trim() || (error?.message ?? '')),
          });
      },
    );
  });
}
