/** The fields of "New experiment" and the configuration they make. Pure. */
import { ApiError } from '../../api/problem.ts';

export interface SubmitForm {
  readonly directory: string;
  readonly command: string;
  readonly name: string;
  readonly pool: string;
  readonly slots: number | string;
  readonly priority: number | string;
  readonly minGpuMemory: string;
  readonly timeLimitMin: string;
  readonly runtime: '' | 'docker' | 'process';
  readonly image: string;
  readonly env: string;
}

export const EMPTY_FORM: SubmitForm = {
  directory: '', command: '', name: '', pool: '', slots: '', priority: '', minGpuMemory: '', timeLimitMin: '', runtime: '', image: '', env: '',
};

const FIELD_OF_PATH: Readonly<Record<string, keyof SubmitForm>> = {
  'entrypoint': 'command',
  'name': 'name',
  'runtime': 'runtime',
  'environment.image': 'image',
  'environment.environment_variables': 'env',
  'resources.slots': 'slots',
  'resources.priority': 'priority',
  'resources.pool': 'pool',
  'resources.min_gpu_memory': 'minGpuMemory',
  'time_limit_s': 'timeLimitMin',
  'source.path': 'directory',
  'source': 'directory',
};

const FIELD_OF_CODE: Readonly<Record<string, keyof SubmitForm>> = {
  invalid_slots: 'slots', too_many_slots: 'slots', invalid_priority: 'priority', directory_missing: 'directory', directory_unreadable: 'directory',
  snapshot_too_large: 'directory', runtime_unavailable: 'runtime', command_missing: 'command',
};

/** @returns the field a refusal is about; undefined when it is about none of them. */
export function fieldOfPath(problem: ApiError): keyof SubmitForm | undefined {
  const path = (problem.path ?? '').replace(/^config\./, '');
  return FIELD_OF_PATH[path] ?? FIELD_OF_CODE[problem.code];
}

const refuse = (path: string, detail: string): ApiError => new ApiError({ status: 0, code: 'invalid_config', detail, path });

/** @returns the configuration; throws ApiError with the path of the field at fault. */
export function buildConfig(form: SubmitForm): Record<string, unknown> {
  if (form.command.trim() === '') throw refuse('entrypoint', 'Say which command to run.');
  const resources: Record<string, unknown> = {};
  if (form.slots !== '') resources['slots'] = Number(form.slots);
  if (form.priority !== '') resources['priority'] = Number(form.priority);
  if (form.pool !== '') resources['pool'] = form.pool;
  if (form.minGpuMemory.trim() !== '') resources['min_gpu_memory'] = form.minGpuMemory.trim();
  const environment: Record<string, unknown> = {};
  if (form.image.trim() !== '' && form.runtime !== 'process') environment['image'] = form.image.trim();
  const variables = parseEnv(form.env);
  if (Object.keys(variables).length > 0) environment['environment_variables'] = variables;
  const minutes = Number(form.timeLimitMin);
  if (form.timeLimitMin.trim() !== '' && !(minutes > 0)) throw refuse('time_limit_s', 'A time limit is a number of minutes above 0.');
  return {
    ...(form.name.trim() === '' ? {} : { name: form.name.trim() }),
    entrypoint: form.command.trim(),
    ...(form.runtime === '' ? {} : { runtime: form.runtime }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(form.timeLimitMin.trim() === '' ? {} : { time_limit_s: Math.round(minutes * 60) }),
  };
}

function parseEnv(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const equals = line.indexOf('=');
    if (equals <= 0) throw refuse('environment.environment_variables', `"${line.trim()}" is not NAME=value.`);
    variables[line.slice(0, equals).trim()] = line.slice(equals + 1);
  }
  return variables;
}
