/** A configuration as commented YAML, to be read and kept as a switchyard.yaml. Pure. */
import { Document, isMap, isScalar } from 'yaml';
import type { YAMLMap } from 'yaml';

/** Place -> what it means. Places without one explain themselves. */
const MEANING: Readonly<Record<string, string>> = {
  entrypoint: 'a line for the shell, or a list of words that no shell touches',
  name: 'shown in the queue',
  runtime: 'docker: in an image; process: directly on this machine',
  'environment.image': 'Docker image',
  'environment.entrypoint': "the image's ENTRYPOINT stays; the entrypoint above is its arguments",
  'environment.user': "runs as the image's USER",
  'environment.workdir': "begins in the image's WORKDIR; the code is at $SWITCHYARD_WORK_DIR",
  'environment.environment_variables': 'kept encrypted by Switchyard, plain in this file',
  'resources.slots': 'GPUs (or MIG instances); 0 = none',
  'resources.min_gpu_memory': 'least memory that must be free on every GPU',
  'resources.gpu_name': 'only GPUs whose name fits; * and ? are wildcards',
  'resources.share': 'takes only this much of a GPU and shares it',
  'resources.pool': 'pool to queue in',
  'resources.priority': '1 is first, 99 last, 42 the default',
  'resources.weight': 'in a pool with fair share',
  'resources.max_slots': 'the most GPUs that trials of this experiment hold together',
  'resources.preemptible': 'may be stopped for a trial ahead of it, and goes on later',
  'resources.cpus': 'limit in a container',
  'resources.memory': 'limit in a container',
  'resources.shm_size': 'shared memory in a container; default 8 GiB',
  'resources.estimated_minutes': 'how long you expect it to run, for the forecast',
  mounts: 'directories that a container sees',
  hyperparameters: 'in the JSON file that SWITCHYARD_HPARAMS names; in Python: switchyard.hparams()',
  set_params: 'as -S: changes of a parameter file or a hyperparameter; several values make a sweep',
  searcher: 'tries hyperparameters out; those above that are ranges',
  checkpoints: 'keep_last: how many of the newest are kept; without it all',
  max_restarts: 'restarts after a failure',
  grace_period_s: 'seconds between SIGTERM and SIGKILL',
  time_limit_s: 'seconds one attempt may run',
};

/** @param config keys of a switchyard.yaml */
export function formatConfig(config: Readonly<Record<string, unknown>>): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  if (isMap(document.contents)) comment(document.contents, '');
  document.commentBefore =
    ' A configuration for "switchyard submit". Every field there is: resources/examples/switchyard.yaml';
  return document.toString({ lineWidth: 0 }).trimEnd();
}

function comment(map: YAMLMap, place: string): void {
  for (const pair of map.items) {
    if (!isScalar(pair.key)) continue;
    const at = `${place}${String(pair.key.value)}`;
    const meaning = MEANING[at];
    if (meaning !== undefined) pair.key.commentBefore = ` ${meaning}`;
    if (isMap(pair.value) && (at === 'environment' || at === 'resources')) comment(pair.value, `${at}.`);
  }
}
