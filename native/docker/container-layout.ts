/** Where a trial finds its directories in a container: always under the same paths, whatever the host and the image. Pure. */
import path from 'node:path';
import type { HostPlaces, LaunchMount, TrialLayout, TrialPlaces } from '../../electron/ports/trial-runtime.ts';
import { HELPER_DIR, OWN_DIR, WORK_DIR } from './container-paths.ts';

const IN_CONTAINER: TrialPlaces = {
  work: WORK_DIR,
  checkpoints: `${OWN_DIR}/checkpoints`,
  output: `${OWN_DIR}/output`,
  exchange: `${OWN_DIR}/exchange`,
  helper: HELPER_DIR,
};

export function layOutContainer(host: HostPlaces): TrialLayout {
  const mount = (place: keyof TrialPlaces, more: Partial<LaunchMount> = {}): LaunchMount => ({
    hostPath: host[place],
    containerPath: IN_CONTAINER[place],
    readOnly: false,
    role: 'own',
    ...more,
  });
  return {
    places: IN_CONTAINER,
    paths: path.posix,
    mounts: [
      mount('work', host.inPlace ? { role: 'work' } : {}),
      mount('checkpoints'),
      mount('output'),
      mount('exchange'),
      mount('helper', { readOnly: true }),
    ],
  };
}
