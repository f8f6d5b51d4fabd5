/** The environment as the user has it, out of what a desktop or an AppImage made of it. Pure. */
import path from 'node:path';

/** Lists of folders that the start script of an AppImage puts its own into. */
const LISTS = ['PATH', 'LD_LIBRARY_PATH', 'XDG_DATA_DIRS', 'GSETTINGS_SCHEMA_DIR'] as const;
/** What its runtime and start script set beside them. */
const OWN = ['APPIMAGE', 'APPDIR', 'ARGV0', 'OWD'] as const;

/**
 * @param env of a program started from an AppImage; anything else comes back as it is
 * @returns without what lies in the AppImage's mount, which is gone when it ends, and whose libraries are for itself alone
 */
export function withoutAppImage(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const mount = env['APPDIR'];
  if (mount === undefined || !path.isAbsolute(mount)) return env;
  const root = path.resolve(mount);
  const isInside = (entry: string): boolean => {
    const at = path.resolve(entry);
    return path.isAbsolute(entry) && (at === root || at.startsWith(root + path.sep));
  };
  const cleaned = { ...env };
  for (const name of OWN) delete cleaned[name];
  for (const name of LISTS) {
    const value = env[name];
    if (value === undefined) continue;
    const left = value.split(':').filter((entry) => entry !== '' && !isInside(entry));
    if (left.length === 0) delete cleaned[name];
    else cleaned[name] = left.join(':');
  }
  return cleaned;
}

/** What of a login shell's environment decides which programs a trial finds. Where data and secrets lie is not its to say. */
const FROM_SHELL = [
  'PATH',
  'MANPATH',
  'CUDA_HOME',
  'CUDA_PATH',
  'LD_LIBRARY_PATH',
  'PYENV_ROOT',
  'MODULEPATH',
  'HF_HOME',
  'TORCH_HOME',
] as const;
const FROM_SHELL_PREFIX = 'CONDA';

/**
 * @param shellEnv what a login shell says; null when it could not be asked
 * @returns env with what the shell knows better
 */
export function withShell(
  env: NodeJS.ProcessEnv,
  shellEnv: Readonly<Record<string, string>> | null,
): NodeJS.ProcessEnv {
  if (shellEnv === null) return env;
  const taken = Object.entries(shellEnv).filter(
    ([name, value]) =>
      value !== '' && ((FROM_SHELL as readonly string[]).includes(name) || name.startsWith(FROM_SHELL_PREFIX)),
  );
  return { ...env, ...Object.fromEntries(taken) };
}

/**
 * Whether the login shell has to be asked: a program started from a desktop's menu has the environment of the session alone. One
 * started from a terminal has that shell's already, with whatever was activated in it.
 */
export function needsShell(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return false;
  // SHLVL is counted by shells; sessions set it to 0 at most. TERM is set by terminals.
  const isFromTerminal = (env['TERM'] ?? 'dumb') !== 'dumb' && Number(env['SHLVL'] ?? '0') >= 1;
  return !isFromTerminal;
}
