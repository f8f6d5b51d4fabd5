/** Which keys a configuration may have at which place, and what a user probably meant by another one. Pure. */
import { z } from '@hono/zod-openapi';
import { ExperimentConfig } from '../../contract/config.ts';
import { suggest } from '../../text/nearest.ts';

/** What the same thing is called elsewhere (Determined, docker compose, Slurm, plain habit) -> where it stands here. */
const SYNONYMS: Readonly<Record<string, string>> = {
  slots_per_trial: 'resources.slots',
  gpus: 'resources.slots',
  gpu: 'resources.slots',
  num_gpus: 'resources.slots',
  n_gpus: 'resources.slots',
  ngpus: 'resources.slots',
  gres: 'resources.slots',
  resource_pool: 'resources.pool',
  queue: 'resources.pool',
  partition: 'resources.pool',
  min_memory: 'resources.min_gpu_memory',
  gpu_memory: 'resources.min_gpu_memory',
  min_free: 'resources.min_gpu_memory',
  vram: 'resources.min_gpu_memory',
  gpu_type: 'resources.gpu_name',
  gpu_model: 'resources.gpu_name',
  mem: 'resources.memory',
  mem_limit: 'resources.memory',
  ram: 'resources.memory',
  cpu: 'resources.cpus',
  shm: 'resources.shm_size',
  estimate: 'resources.estimated_minutes',
  bind_mounts: 'mounts',
  volumes: 'mounts',
  binds: 'mounts',
  command: 'entrypoint',
  cmd: 'entrypoint',
  run: 'entrypoint',
  script: 'entrypoint',
  exec: 'entrypoint',
  args: 'entrypoint',
  docker_image: 'environment.image',
  container: 'environment.image',
  container_image: 'environment.image',
  env: 'environment.environment_variables',
  env_vars: 'environment.environment_variables',
  variables: 'environment.environment_variables',
  hparams: 'hyperparameters',
  params: 'hyperparameters',
  parameters: 'hyperparameters',
  set_param: 'set_params',
  overrides: 'set_params',
  search: 'searcher',
  experiment_seed: 'reproducibility.experiment_seed',
  hyper_parameters: 'hyperparameters',
  retries: 'max_restarts',
  restarts: 'max_restarts',
  max_retries: 'max_restarts',
  keep_checkpoints: 'checkpoints.keep_last',
  keep: 'checkpoints.keep_last',
  save_total_limit: 'checkpoints.keep_last',
  save_trial_latest: 'checkpoints.keep_last',
  checkpoint_storage: 'checkpoints.keep_last',
  timeout: 'time_limit_s',
  time: 'time_limit_s',
  max_time: 'time_limit_s',
  time_limit: 'time_limit_s',
  grace: 'grace_period_s',
  grace_period: 'grace_period_s',
  preemption_timeout: 'grace_period_s',
  stop_grace_period: 'grace_period_s',
  tags: 'labels',
  title: 'name',
  engine: 'runtime',
  source: 'mounts.host_path',
  src: 'mounts.host_path',
  host: 'mounts.host_path',
  target: 'mounts.container_path',
  destination: 'mounts.container_path',
  dst: 'mounts.container_path',
  readonly: 'mounts.read_only',
  ro: 'mounts.read_only',
};

/** Takes default() and optional() off, and looks into arrays. */
function unwrap(schema: unknown): unknown {
  let at = schema;
  for (;;) {
    if (at instanceof z.ZodDefault || at instanceof z.ZodOptional) at = at.unwrap();
    else if (at instanceof z.ZodArray) at = at.element;
    else return at;
  }
}

function collect(schema: unknown, prefix: string, into: Map<string, readonly string[]>): void {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return;
  into.set(prefix, Object.keys(inner.shape));
  for (const [key, child] of Object.entries(inner.shape))
    collect(child, prefix === '' ? key : `${prefix}.${key}`, into);
}

/** Place without array indices ('' = top level) -> the keys known there. */
const KNOWN: ReadonlyMap<string, readonly string[]> = (() => {
  const into = new Map<string, readonly string[]>();
  collect(ExperimentConfig, '', into);
  return into;
})();

const lastPart = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/**
 * @param key the unknown key
 * @param parents the keys above it; array indices are ignored
 * @returns the full path of what was probably meant (array places without index), or null
 */
export function meantKey(key: string, parents: readonly PropertyKey[]): string | null {
  const place = parents.filter((part) => typeof part === 'string').join('.');
  const here = KNOWN.get(place) ?? [];
  const within = (name: string): string => (place === '' ? name : `${place}.${name}`);
  const lower = key.toLowerCase().replaceAll('-', '_');
  const synonym = Object.hasOwn(SYNONYMS, lower) ? SYNONYMS[lower] : undefined;
  if (synonym !== undefined) return synonym;
  const near = suggest(key, here);
  if (near !== null) return within(near);
  // The right key at the wrong depth: "slots" at the top level instead of under "resources".
  const everywhere = [...KNOWN].flatMap(([at, keys]) => keys.map((name) => (at === '' ? name : `${at}.${name}`)));
  const nearName = suggest(key, everywhere.map(lastPart));
  return nearName === null ? null : (everywhere.find((path) => lastPart(path) === nearName) ?? null);
}

/** The keys that are known at a place; [] where anything goes. */
export function keysKnownAt(parents: readonly PropertyKey[]): readonly string[] {
  return KNOWN.get(parents.filter((part) => typeof part === 'string').join('.')) ?? [];
}
