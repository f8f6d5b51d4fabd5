/** The fields of "New experiment" and the configuration they make. Pure. */
import type { SubmitBodyInput } from '../../../electron/contract/config.ts';
import type { PythonEnvironment } from '../../../electron/contract/form.ts';
import type { Dependency } from '../../../electron/contract/trials.ts';
import { hasSeveralValues } from '../../../electron/text/several-values.ts';
import { ApiError } from '../../api/problem.ts';

export interface SubmitForm {
  readonly directory: string;
  /** Runs in the directory itself: no copy is taken. */
  readonly inPlace: boolean;
  /** Directory of the Python environment it runs in; '' = the one the engine was started in; null = not chosen. */
  readonly python: string | null;
  readonly command: string;
  readonly name: string;
  readonly pool: string;
  readonly slots: number | string;
  readonly priority: number | string;
  readonly minGpuMemory: string;
  readonly timeLimitMin: string;
  readonly runtime: '' | 'docker' | 'process';
  readonly image: string;
  readonly restarts: number | string;
  /** So many of the newest checkpoints stay. */
  readonly keep: number | string;
  /** Trials it starts after, as typed. */
  readonly after: string;
  readonly afterWants: Dependency['wants'];
  readonly labels: readonly string[];
  readonly links: string;
  readonly env: string;
  readonly hparams: string;
}

export const EMPTY_FORM: SubmitForm = {
  directory: '',
  inPlace: false,
  python: null,
  command: '',
  name: '',
  pool: '',
  slots: '',
  priority: '',
  minGpuMemory: '',
  timeLimitMin: '',
  runtime: '',
  image: '',
  restarts: '',
  keep: '',
  after: '',
  afterWants: 'completed',
  labels: [],
  links: '',
  env: '',
  hparams: '',
};

/** What the fields are called, on the form and in what is said about them. */
export const FIELD_LABELS: Readonly<Record<keyof SubmitForm, string>> = {
  directory: 'Directory',
  inPlace: 'Run in the directory itself, without a copy',
  python: 'Python',
  command: 'Command',
  name: 'Name',
  pool: 'Pool',
  slots: 'Slots (GPUs)',
  priority: 'Priority',
  minGpuMemory: 'Least GPU memory',
  timeLimitMin: 'Time limit (minutes)',
  runtime: 'Runtime',
  image: 'Image',
  restarts: 'Restarts after a failure',
  keep: 'Checkpoints kept',
  after: 'Start after',
  afterWants: 'Once it',
  labels: 'Labels',
  links: 'Links',
  env: 'Environment',
  hparams: 'Hyperparameters',
};

const FIELD_OF_PATH: Readonly<Record<string, keyof SubmitForm>> = {
  entrypoint: 'command',
  name: 'name',
  runtime: 'runtime',
  'environment.image': 'image',
  'environment.environment_variables': 'env',
  hyperparameters: 'hparams',
  set_params: 'hparams',
  'resources.slots': 'slots',
  'resources.priority': 'priority',
  'resources.pool': 'pool',
  'resources.min_gpu_memory': 'minGpuMemory',
  time_limit_s: 'timeLimitMin',
  max_restarts: 'restarts',
  'checkpoints.keep_last': 'keep',
  after: 'after',
  labels: 'labels',
  links: 'links',
  'source.path': 'directory',
  source: 'directory',
};

const FIELD_OF_CODE: Readonly<Record<string, keyof SubmitForm>> = {
  invalid_slots: 'slots',
  too_many_slots: 'slots',
  invalid_priority: 'priority',
  directory_relative: 'directory',
  directory_missing: 'directory',
  directory_unreadable: 'directory',
  snapshot_too_large: 'directory',
  runtime_unavailable: 'runtime',
  command_missing: 'command',
};

/** @returns the field a refusal is about; undefined when it is about none of them. */
export function fieldOfPath(problem: ApiError): keyof SubmitForm | undefined {
  // The fault may be in one entry of a field: "environment.environment_variables.A B".
  for (
    let path = (problem.path ?? '').replace(/^config\./, '');
    path !== '';
    path = path.slice(0, Math.max(0, path.lastIndexOf('.')))
  ) {
    const field = FIELD_OF_PATH[path];
    if (field !== undefined) return field;
  }
  return FIELD_OF_CODE[problem.code];
}

/** @returns what a refusal says in the form's own words: its label in place of the name of a key. */
export function describeRefusal(problem: ApiError): string {
  const field = fieldOfPath(problem);
  if (field === undefined) return problem.message;
  const label = FIELD_LABELS[field].replace(/ \(.*\)$/, '');
  const { path = '' } = problem;
  const text =
    path !== '' && problem.message.startsWith(`${path}: `) ? problem.message.slice(path.length + 2) : problem.message;
  return `${label}: ${text}`;
}

export const refuse = (path: string, detail: string, remedy?: string): ApiError =>
  new ApiError({ status: 0, code: 'invalid_config', detail, path, ...(remedy === undefined ? {} : { remedy }) });

/** @returns where the code comes from; throws ApiError for a path that only a shell understands. */
export function readSource(directory: string, inPlace = false): SubmitBodyInput['source'] {
  const path = directory.trim();
  if (path === '') return { kind: 'none' };
  if (path.startsWith('~'))
    throw refuse(
      'source.path',
      'The engine does not know whose home "~" is.',
      `Write the full path, for example /home/you${path.slice(1)}.`,
    );
  return { kind: inPlace ? 'in_place' : 'directory', path };
}

/** @returns the environment a form's trial runs in: the chosen one, else the directory's own; undefined = that of the engine. */
export function chosenPython(
  form: Pick<SubmitForm, 'python' | 'runtime'>,
  offered: readonly PythonEnvironment[],
): PythonEnvironment | undefined {
  if (form.runtime === 'docker') return undefined;
  if (form.python === null) return offered.find((each) => each.isOfDirectory);
  return offered.find((each) => each.path === form.python);
}

/**
 * @param python what the program runs in; its variables stand behind those that were typed
 * @param readValue reads the text of a hyperparameter as YAML does: 0.1 is a number, true a truth
 * @returns the configuration; throws ApiError with the path of the field at fault.
 */
export function buildConfig(
  form: SubmitForm,
  readValue: (text: string) => unknown,
  python?: Pick<PythonEnvironment, 'variables'>,
): Record<string, unknown> {
  if (form.command.trim() === '') throw refuse('entrypoint', 'Say which command to run.');
  if (form.runtime === 'docker' && form.image.trim() === '')
    throw refuse(
      'environment.image',
      'Docker needs an image.',
      'Name one, for example python:3-slim, or choose the runtime Process.',
    );
  const resources: Record<string, unknown> = {};
  if (form.slots !== '') resources['slots'] = Number(form.slots);
  if (form.priority !== '') resources['priority'] = Number(form.priority);
  if (form.pool !== '') resources['pool'] = form.pool;
  if (form.minGpuMemory.trim() !== '') resources['min_gpu_memory'] = form.minGpuMemory.trim();
  const environment: Record<string, unknown> = {};
  if (form.image.trim() !== '' && form.runtime !== 'process') environment['image'] = form.image.trim();
  const variables = { ...python?.variables, ...parseEnv(form.env) };
  if (Object.keys(variables).length > 0) environment['environment_variables'] = variables;
  const [changes, values] = splitChanges(form.hparams);
  const hparams = parseHparams(values, readValue);
  const minutes = Number(form.timeLimitMin);
  if (form.timeLimitMin.trim() !== '' && !(minutes > 0))
    throw refuse('time_limit_s', 'A time limit is a number of minutes above 0.');
  const links = form.links
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (form.restarts !== '' && !(Number.isInteger(Number(form.restarts)) && Number(form.restarts) >= 0))
    throw refuse('max_restarts', 'The number of restarts is a whole number, 0 or more.');
  if (form.keep !== '' && !(Number.isInteger(Number(form.keep)) && Number(form.keep) >= 1))
    throw refuse('checkpoints.keep_last', 'The number of checkpoints kept is a whole number, 1 or more.');
  return {
    ...(form.name.trim() === '' ? {} : { name: form.name.trim() }),
    entrypoint: form.command.trim(),
    ...(form.runtime === '' ? {} : { runtime: form.runtime }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(Object.keys(hparams).length === 0 ? {} : { hyperparameters: hparams }),
    ...(changes.length === 0 ? {} : { set_params: changes }),
    ...(form.labels.length === 0 ? {} : { labels: [...form.labels] }),
    ...(links.length === 0 ? {} : { links }),
    ...(form.restarts === '' ? {} : { max_restarts: Number(form.restarts) }),
    ...(form.keep === '' ? {} : { checkpoints: { keep_last: Number(form.keep) } }),
    ...(form.timeLimitMin.trim() === '' ? {} : { time_limit_s: Math.round(minutes * 60) }),
  };
}

/** @returns name and value of every line that is not empty */
function parseLines(text: string, path: string, form: string): [string, string][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const equals = line.indexOf('=');
      if (equals <= 0) throw refuse(path, `"${line.trim()}" is not ${form}.`);
      return [line.slice(0, equals).trim(), line.slice(equals + 1)];
    });
}

const parseEnv = (text: string): Record<string, string> =>
  Object.fromEntries(parseLines(text, 'environment.environment_variables', 'NAME=value'));

/** What only the engine can read: several values, and parameters of a file. @returns those lines, and the text without them */
function splitChanges(text: string): [string[], string] {
  const lines = text.split('\n');
  const isChange = (line: string): boolean =>
    /^\s*(?:[+~]|[^=]*:[^=]*=)/.test(line) || hasSeveralValues(line.slice(line.indexOf('=') + 1));
  const changes = lines.filter((line) => line.includes('=') && isChange(line));
  return [changes.map((line) => line.trim()), lines.filter((line) => !changes.includes(line)).join('\n')];
}

/** Dots make groups, as on the command line: model.depth=4. */
function parseHparams(text: string, readValue: (text: string) => unknown): Record<string, unknown> {
  type Group = Map<string, unknown>;
  const top: Group = new Map();
  for (const [name, value] of parseLines(text, 'hyperparameters', 'key=value')) {
    const keys = name.split('.');
    const last = keys.pop() ?? '';
    let group = top;
    for (const key of keys) {
      const inner = group.get(key);
      const next: Group = inner instanceof Map ? (inner as Group) : new Map();
      group.set(key, next);
      group = next;
    }
    if (last === '' || keys.includes(''))
      throw refuse('hyperparameters', `"${name}" is not the name of a hyperparameter.`);
    try {
      group.set(last, readValue(value.trim()));
    } catch {
      throw refuse('hyperparameters', `The value of ${name} cannot be read.`, 'Put it in quotes to have it as text.');
    }
  }
  return toObject(top);
}

const toObject = (group: ReadonlyMap<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    [...group].map(([key, value]) => [
      key,
      value instanceof Map ? toObject(value as ReadonlyMap<string, unknown>) : value,
    ]),
  );
