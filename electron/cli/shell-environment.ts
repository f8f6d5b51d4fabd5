/**
 * What of the shell's environment goes with a submit, so that a command runs as if it had been typed here: the PATH and
 * what activating a virtual environment, conda or CUDA sets. Pure.
 */
import path from 'node:path';

const TAKEN = [
  'PATH',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'CONDA_DEFAULT_ENV',
  'PYENV_VERSION',
  'LD_LIBRARY_PATH',
  'PYTHONPATH',
  'PYTHONHOME',
  'CUDA_HOME',
] as const;
/** What npm and npx put in front of PATH. */
const OF_NPM = /[\\/](node_modules[\\/][.]bin|node-gyp-bin)[\\/]?$/;

/** @returns those of the variables that are set, with relative entries of PATH made absolute */
export function takeShellEnvironment(env: NodeJS.ProcessEnv, cwd: string): Record<string, string> {
  const taken: Record<string, string> = {};
  for (const name of TAKEN) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    taken[name] =
      name === 'PATH' || name === 'PYTHONPATH'
        ? absoluteEntries(value, cwd)
            .filter((entry) => !OF_NPM.test(entry))
            .join(path.delimiter)
        : value;
  }
  return taken;
}

/** Adds them to a configuration whose trial will run as a process of this machine; what it sets itself wins. */
export function addShellEnvironment(config: Record<string, unknown>, env: NodeJS.ProcessEnv, cwd: string): void {
  const environment = asMap(config['environment']);
  const variables = environment === null ? null : asMap(environment['environment_variables']);
  // Of another shape it is a mistake, which the engine explains.
  if (environment === null || variables === null || !runsAsProcess(config, environment)) return;
  const taken = takeShellEnvironment(env, cwd);
  if (Object.keys(taken).length > 0)
    config['environment'] = { ...environment, environment_variables: { ...taken, ...variables } };
}

/** As the engine decides when no runtime is asked for: an image means a container. */
function runsAsProcess(config: Record<string, unknown>, environment: Record<string, unknown>): boolean {
  const image = environment['image'];
  return (
    config['runtime'] === 'process' ||
    ((config['runtime'] ?? null) === null && (image === undefined || image === null || image === ''))
  );
}

function absoluteEntries(value: string, cwd: string): string[] {
  return value.split(path.delimiter).map((entry) => path.resolve(cwd, entry));
}

function asMap(value: unknown): Record<string, unknown> | null {
  if (value === undefined || value === null) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}
