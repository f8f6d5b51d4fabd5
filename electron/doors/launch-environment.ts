/** What the environment says about where the engine works and what it finds. Both entries read it here, so that they agree. */
import { locateData, type DataPaths } from '../ports/data-dir.ts';
import type { Engine, EngineStartOptions } from '../ports/engine-api.ts';

export type EngineStart = (options: EngineStartOptions) => Promise<Engine>;

export interface LaunchEnvironment {
  readonly paths: DataPaths;
  readonly engine: Pick<EngineStartOptions, 'dataDir' | 'dockerHost' | 'nvidiaSmi'>;
}

/** @param env SWITCHYARD_HOME, DOCKER_HOST, SWITCHYARD_NVIDIA_SMI (another program in nvidia-smi's place) and the platform's own variables */
export function readEnvironment(env: NodeJS.ProcessEnv): LaunchEnvironment {
  const paths = locateData(env);
  const dockerHost = env['DOCKER_HOST'];
  const nvidiaSmi = env['SWITCHYARD_NVIDIA_SMI'];
  return {
    paths,
    engine: {
      dataDir: paths.dir,
      ...(dockerHost === undefined || dockerHost === '' ? {} : { dockerHost }),
      ...(nvidiaSmi === undefined || nvidiaSmi === '' ? {} : { nvidiaSmi }),
    },
  };
}
