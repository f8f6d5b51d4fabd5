/** The file that starts a program at login on Linux desktops (freedesktop.org Desktop Entry and Autostart specifications). Pure. */
import path from 'node:path';

/** Given to an application that starts with the session: it comes up in the tray, without its window. */
export const HIDDEN_FLAG = '--hidden';

/** @returns where the entry lies; XDG_CONFIG_HOME counts when absolute, as the specification says */
export function autostartFile(env: NodeJS.ProcessEnv, home: string): string {
  const config = env['XDG_CONFIG_HOME'];
  return path.join(
    config !== undefined && path.isAbsolute(config) ? config : path.join(home, '.config'),
    'autostart',
    'switchyard.desktop',
  );
}

/** @param command program and arguments */
export function autostartEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Switchyard',
    'Comment=A queue for the GPUs under your desk',
    `Exec=${command.map(quoteExec).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Quotes one argument of Exec: first the rule for quoted arguments, then the one for string values, and % is doubled. */
function quoteExec(argument: string): string {
  if (/[\n\r]/.test(argument)) throw new Error('a program path with a line break cannot be started at login');
  const quoted = `"${argument.replaceAll(/["`$\\]/g, String.raw`\$&`)}"`;
  return quoted.replaceAll('\\', '\\\\').replaceAll('%', '%%');
}
