/** The same with real containers, on a private Docker daemon whose GPU hook is a stub. */
import { describe, test } from 'vitest';
import { dockerdObstacle, startDockerd } from '../support/dockerd.ts';
import { expectNothingLost, ROUNDS } from './kill-suite.ts';

/** A container takes a good part of a second to start and another to stop. */
const DOCKER_ROUNDS = Math.max(2, Math.round(ROUNDS / 5));
const obstacle = dockerdObstacle();

describe.skipIf(obstacle !== null)(
  `kill -9 at random instants with containers${obstacle === null ? '' : ` (${obstacle})`}`,
  () => {
    test(
      `docker runtime, 4 GPUs, ${DOCKER_ROUNDS} rounds`,
      { timeout: (150 + DOCKER_ROUNDS * 15) * 1000 },
      async ({ onTestFinished }) => {
        const dockerd = await startDockerd({ gpuHook: true });
        onTestFinished(() => dockerd.stop());
        const image = await dockerd.pythonImage();
        await expectNothingLost({
          rounds: DOCKER_ROUNDS,
          gpus: 4,
          cpuPlaces: 2,
          kinds: { work: 10, crash: 2, polite: 4, stubborn: 2, leaver: 2 },
          shortTrialS: 1,
          longTrialS: 10,
          longestLifeMs: 5_000,
          maxOpenPerUser: 6,
          drainDeadlineMs: 150_000,
          env: { DOCKER_HOST: dockerd.dockerHost },
          place: (proof) => ({
            runtime: 'docker',
            environment: { image, environment_variables: proof.env },
            mounts: [{ host_path: proof.dir, container_path: proof.dir, read_only: false }],
          }),
          listLeftovers: async () =>
            (await dockerd.api.listContainers({ all: true })).map(
              (container) => `container ${container.Names.join()} ${container.State}`,
            ),
        });
      },
    );
  },
);
