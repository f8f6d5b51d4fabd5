/**
 * What of the shell's environment goes with a submit, so that a command runs as if it had been typed here: all of it but what would
 * do harm. That is named once, with the flag that takes it along. Pure.
 */
import path from 'node:path';
import { isSecret } from '../text/is-secret.ts';

const oneOf = (names: readonly string[]): RegExp => new RegExp(`^(${names.join('|')})$`);

/** Of the shell and its terminal alone, wrong or meaningless for any program it is given to; left out without a word. */
const OF_SHELL = oneOf([
  String.raw`_|PWD|OLDPWD|SHLVL|PS\d|R?PROMPT\d?|PROMPT_COMMAND|PROMPT_DIRTRIM|HIST[A-Z]+|LS_?COLORS`,
  String.raw`LESS(OPEN|CLOSE)|COLUMNS|LINES|TERM|TERMINFO|TERM_[A-Z_]+|LC_TERMINAL.*|COLORTERM|COLORFGBG`,
  String.raw`VTE_VERSION|WINDOWID|WINDOWPATH|WT_.*|(KITTY|ALACRITTY|WEZTERM|KONSOLE|ITERM)_.*|INIT_CWD|NODE`,
  String.raw`npm_.*|ELECTRON_.*|SWITCHYARD_.*`,
]);
/**
 * Doors into a login that ends before the trial does: agents, the screen, the session's bus, the editor and the service the shell
 * belongs to. A program that finds one hangs, or fails when its user logs out.
 */
const OF_SESSION = oneOf([
  String.raw`DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|ICEAUTHORITY|DBUS_.*`,
  String.raw`SSH_(AUTH_SOCK|AGENT_PID|AGENT_LAUNCHER|CLIENT|CONNECTION|TTY|ASKPASS)|GPG_.*|GIT_ASKPASS`,
  String.raw`SUDO_ASKPASS|XDG_(RUNTIME_DIR|SESSION_.*|SEAT.*|VTNR|CURRENT_DESKTOP|MENU_PREFIX|ACTIVATION_TOKEN)`,
  String.raw`DESKTOP_(SESSION|STARTUP_ID|AUTOSTART_ID)|SESSION_MANAGER|GDMSESSION|GDM_LANG|GNOME_.*|KDE_.*`,
  String.raw`GIO_LAUNCHED_.*|GTK_(MODULES|IM_MODULE)|QT_(ACCESSIBILITY|IM_MODULE)|XMODIFIERS|IM_CONFIG_PHASE|TMUX`,
  String.raw`TMUX_PANE|STY|WINDOW|VSCODE_.*|INVOCATION_ID|JOURNAL_STREAM|MANAGERPID|SYSTEMD_EXEC_PID`,
  String.raw`MEMORY_PRESSURE_.*|NOTIFY_SOCKET|WATCHDOG_.*|LISTEN_(PID|FDS|FDNAMES)|WSL_INTEROP`,
]);
/** The lease decides these. */
const OF_LEASE: ReadonlySet<string> = new Set(['CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER', 'NVIDIA_VISIBLE_DEVICES']);
/** Lists of directories: relative entries mean those of the shell's own directory. */
const SEARCHED: ReadonlySet<string> = new Set(['PATH', 'PYTHONPATH']);
/** What npm and npx put in front of PATH. */
const OF_NPM = /[\\/](node_modules[\\/][.]bin|node-gyp-bin)[\\/]?$/;
/** A trial's environment with more is no environment; the system's own limit for one variable is 128 KiB. */
const LONGEST_VALUE = 100_000;
/** Others (functions that bash exports) do not get through the shell that starts a trial. */
const PASSABLE = /^[A-Za-z_]\w{0,199}$/;

export interface ShellEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Names of what stays here, sorted. */
  readonly leftOut: {
    readonly credentials: readonly string[];
    readonly session: readonly string[];
    readonly lease: readonly string[];
  };
}

/** @param cwd the shell's directory */
export function takeShellEnvironment(env: NodeJS.ProcessEnv, cwd: string): ShellEnvironment {
  const variables: Record<string, string> = {};
  const credentials: string[] = [];
  const session: string[] = [];
  const lease: string[] = [];
  for (const name of Object.keys(env).toSorted()) {
    const value = env[name] ?? '';
    if (OF_SHELL.test(name) || !PASSABLE.test(name) || value.length > LONGEST_VALUE) continue;
    if (OF_SESSION.test(name)) session.push(name);
    else if (OF_LEASE.has(name)) lease.push(name);
    else if (value !== '' && isSecret(name, value)) credentials.push(name);
    else variables[name] = SEARCHED.has(name) && value !== '' ? absoluteEntries(value, cwd) : value;
  }
  return { variables, leftOut: { credentials, session, lease } };
}

function absoluteEntries(value: string, cwd: string): string {
  return value
    .split(path.delimiter)
    .map((entry) => path.resolve(cwd, entry))
    .filter((entry) => !OF_NPM.test(entry))
    .join(path.delimiter);
}

const NAMED = 3;

/** @returns sentences with the names and never a value; none where everything came along */
export function sayLeftOut({ credentials, session, lease }: ShellEnvironment['leftOut']): string[] {
  const parts = [
    ...(credentials.length === 0 ? [] : [`${credentials.join(', ')} (by name or form a credential)`]),
    ...(session.length === 0
      ? []
      : [
          `${session.slice(0, NAMED).join(', ')}${session.length > NAMED ? ` and ${session.length - NAMED} more` : ''} (of this login)`,
        ]),
  ];
  return [
    ...(parts.length === 0
      ? []
      : [`Not taken over from this shell: ${parts.join('; ')}. "--env NAME" takes one along.`]),
    ...(lease.length === 0
      ? []
      : [
          `${lease.join(', ')} of this shell ${lease.length === 1 ? 'has' : 'have'} no effect: a trial sees the GPUs it is given.`,
        ]),
  ];
}
