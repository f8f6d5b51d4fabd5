/**
 * Environments and directories for a submit form. Nothing is run, and nothing that is asked for can hold the engine up: what is read is
 * bounded, a file system that does not answer is left behind after a second, and while two such looks hang no other is begun.
 */
import { constants } from 'node:fs';
import { access, open, opendir, readdir, realpath, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DirectoryCompletion, PythonEnvironment } from '../../electron/contract/form.ts';
import type { FormPlaces } from '../../electron/ports/form-places.ts';
import { parseBinVersion, parseCondaVersion, parsePyvenvVersion } from './parse-python-version.ts';

const OF_DIRECTORY = ['.venv', 'venv', 'env', '.env'] as const;
/** Where the installers of conda put it, below the home directory and elsewhere. */
const CONDA_HOMES = ['miniconda3', 'miniforge3', 'mambaforge', 'anaconda3', 'micromamba', '.conda'] as const;
const CONDA_ROOTS = ['/opt/conda', '/opt/miniconda3', '/opt/miniforge3', '/opt/anaconda3'] as const;
const MAX_ENVIRONMENTS = 100;
const MAX_SHOWN = 50;
const MAX_LOOKED_AT = 5_000;
const MAX_TEXT_BYTES = 64 * 1024;
const ANSWER_MS = 1_000;
const MAX_HANGING = 2;

export interface FormPlacesOptions {
  readonly home?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Conda installations besides those below the home directory. */
  readonly condaRoots?: readonly string[];
}

export function createFormPlaces(options: FormPlacesOptions = {}): FormPlaces {
  const home = options.home ?? os.homedir();
  const env = options.env ?? process.env;
  const condaRoots = options.condaRoots ?? CONDA_ROOTS;
  let hanging = 0;

  /** @returns what is there when the time is over, where the look itself does not come back */
  async function within<T>(look: () => Promise<T>, otherwise: T): Promise<T> {
    if (hanging >= MAX_HANGING) return otherwise;
    hanging++;
    const looking = look()
      .catch(() => otherwise)
      .finally(() => {
        hanging--;
      });
    const { promise, resolve } = Promise.withResolvers<T>();
    const timer = setTimeout(() => {
      resolve(otherwise);
    }, ANSWER_MS);
    const answer = await Promise.race([looking, promise]);
    clearTimeout(timer);
    return answer;
  }

  async function findConda(): Promise<string[]> {
    const listed = (await readText(path.join(home, '.conda', 'environments.txt')))
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => path.isAbsolute(line));
    const roots = [...CONDA_HOMES.map((name) => path.join(home, name)), ...condaRoots];
    if (env['MAMBA_ROOT_PREFIX'] !== undefined) roots.push(env['MAMBA_ROOT_PREFIX']);
    const below = await Promise.all(
      roots.map(async (root) =>
        (await namesIn(path.join(root, 'envs'))).filter(isVisible).map((name) => path.join(root, 'envs', name)),
      ),
    );
    return [...roots, ...below.flat(), ...listed];
  }

  function variablesOf(kind: 'venv' | 'conda', at: string, name: string): Record<string, string> {
    const PATH = [path.join(at, 'bin'), env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(path.delimiter);
    return kind === 'venv' ? { VIRTUAL_ENV: at, PATH } : { CONDA_PREFIX: at, CONDA_DEFAULT_ENV: name, PATH };
  }

  async function readVenv(directory: string, name: string): Promise<PythonEnvironment | null> {
    const at = path.join(directory, name);
    const config = await readText(path.join(at, 'pyvenv.cfg'));
    if (config === '' || !(await isExecutable(path.join(at, 'bin', 'python')))) return null;
    const pythonVersion = parsePyvenvVersion(config) ?? parseBinVersion(await namesIn(path.join(at, 'bin')));
    return {
      kind: 'venv',
      name,
      path: at,
      pythonVersion,
      isOfDirectory: true,
      variables: variablesOf('venv', at, name),
    };
  }

  async function readConda(at: string): Promise<PythonEnvironment | null> {
    const meta = await namesIn(path.join(at, 'conda-meta'));
    if (meta.length === 0 || !(await isExecutable(path.join(at, 'bin', 'python')))) return null;
    const name = path.basename(path.dirname(at)) === 'envs' ? path.basename(at) : 'base';
    return {
      kind: 'conda',
      name,
      path: at,
      pythonVersion: parseCondaVersion(meta),
      isOfDirectory: false,
      variables: variablesOf('conda', at, name),
    };
  }

  async function complete(typed: string): Promise<DirectoryCompletion> {
    const full = expand(typed, home);
    if (full === null) return { directory: home, directories: [], more: false };
    const directory = full.endsWith('/') ? path.resolve(full) : path.dirname(full);
    const stem = full.endsWith('/') ? '' : path.basename(full).toLowerCase();
    const found: string[] = [];
    let looked = 0;
    for await (const entry of await opendir(directory)) {
      if (++looked > MAX_LOOKED_AT) break;
      if (!entry.name.toLowerCase().startsWith(stem) || (!isVisible(entry.name) && !stem.startsWith('.'))) continue;
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(path.join(directory, entry.name)))))
        found.push(entry.name);
    }
    const names = found.toSorted((a, b) => a.localeCompare(b, 'en'));
    return {
      directory,
      directories: names.slice(0, MAX_SHOWN).map((name) => ({ name, path: path.join(directory, name) })),
      more: names.length > MAX_SHOWN || looked > MAX_LOOKED_AT,
    };
  }

  return {
    environments: (directory) =>
      within(async () => {
        const own = directory === null ? [] : OF_DIRECTORY.map((name) => readVenv(directory, name));
        const places = [
          ...new Set(await Promise.all((await findConda()).slice(0, MAX_ENVIRONMENTS * 2).map(resolved))),
        ];
        const all = await Promise.all([...own, ...places.slice(0, MAX_ENVIRONMENTS).map(readConda)]);
        return all.filter((one) => one !== null);
      }, []),
    completeDirectory: (typed) =>
      within(() => complete(typed), { directory: expand(typed, home) ?? home, directories: [], more: false }),
  };
}

/** @returns an absolute path, with the slash it ends in; null for what is none */
function expand(typed: string, home: string): string | null {
  if (typed.includes('\0')) return null;
  if (typed === '' || typed === '~') return `${home}/`;
  if (typed.startsWith('~/')) return path.join(home, typed.slice(1));
  return path.isAbsolute(typed) ? typed : null;
}

const isVisible = (name: string): boolean => !name.startsWith('.');

const resolved = (at: string): Promise<string> => realpath(at).catch(() => at);

const isDirectory = (at: string): Promise<boolean> =>
  stat(at).then(
    (found) => found.isDirectory(),
    () => false,
  );

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** @returns [] for what is no directory; of a huge one only some */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).slice(0, MAX_LOOKED_AT);
  } catch {
    return [];
  }
}

/** @returns the beginning of a plain file; '' for anything else. Opened without waiting: a pipe that nobody writes to would hold the thread. */
async function readText(file: string): Promise<string> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return '';
      const buffer = Buffer.alloc(MAX_TEXT_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, MAX_TEXT_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
