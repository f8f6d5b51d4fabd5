/** The example experiments that ship with Switchyard: one directory each, with a switchyard.yaml and a licence note for its data. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { SwitchyardError } from '../contract/errors.ts';
import { readConfigYaml, validateConfig } from './config/parse-config.ts';

const CONFIG_FILE = 'switchyard.yaml';
const ID = /^[a-z0-9][a-z0-9-]{0,59}$/;

export interface Example {
  /** Name of its directory. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** What SubmitBody.config takes; valid. */
  readonly config: Record<string, unknown>;
  /** Absolute if `examplesDir` is; to be submitted as the source directory. */
  readonly dir: string;
}

/** @returns every example below a directory, by id; [] when there is no such directory */
export async function listExamples(examplesDir: string): Promise<Example[]> {
  let names: string[];
  try {
    names = (await readdir(examplesDir, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && ID.test(entry.name))
      .map((entry) => entry.name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return Promise.all(names.toSorted().map((name) => loadExample(examplesDir, name)));
}

/** @throws SwitchyardError not_found for an id that is none of them */
export async function loadExample(examplesDir: string, id: string): Promise<Example> {
  const missing = (): SwitchyardError =>
    new SwitchyardError('not_found', 'There is no such example.', { remedy: 'List the examples to see their ids.' });
  if (!ID.test(id)) throw missing();
  const dir = path.join(examplesDir, id);
  let text: string;
  try {
    text = await readFile(path.join(dir, CONFIG_FILE), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') throw missing();
    throw error;
  }
  const { input, lineOf } = readConfigYaml(text);
  const { config } = validateConfig(input, lineOf);
  return { id, title: config.name ?? id, description: config.description ?? '', config: input, dir };
}

/** In a container where there is Docker and the example names an image, on the machine itself otherwise. Pure. */
export function chooseExampleRuntime(example: Example, dockerAvailable: boolean): Record<string, unknown> {
  const environment = example.config['environment'];
  const hasImage = typeof environment === 'object' && environment !== null && 'image' in environment;
  return { ...example.config, runtime: dockerAvailable && hasImage ? 'docker' : 'process' };
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
