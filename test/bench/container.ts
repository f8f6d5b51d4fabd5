/** What a trial in a container costs more than `docker run` of the same image on the same engine. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../runner/components.ts';
import { dockerdObstacle, startDockerd, type TestDockerd } from '../support/dockerd.ts';
import { median, ms } from './measure.ts';
import { skipped, type BenchResult } from './report.ts';
import { withYard } from './yard.ts';

const TRIALS = 20;
const WARM_UP = 2;
const MOST_TIMES = 1.1;
const PROMISE = 'a trial in a container over `docker run`, from submit to end';
const TARGET = `at most ${MOST_TIMES} times`;

const run = promisify(execFile);

export async function benchContainer(): Promise<BenchResult[]> {
  const docker = findProgram(['docker']);
  const obstacle = docker === null ? 'docker is not installed' : dockerdObstacle();
  if (docker === null || obstacle !== null) return [skipped(PROMISE, TARGET, obstacle ?? '')];
  const dockerd = await startDockerd();
  try {
    return [await compare(docker, dockerd)];
  } finally {
    await dockerd.stop();
  }
}

async function compare(docker: string, dockerd: TestDockerd): Promise<BenchResult> {
  const image = await dockerd.busyboxImage();
  return await withYard('container', { env: { DOCKER_HOST: dockerd.dockerHost } }, async ({ engine }) => {
    // The same container a trial gets by default: an init, no new privileges, the user, capped json-file logs, shared memory, and five directories.
    const shared = mkdtempSync(path.join(os.tmpdir(), 'switchyard-bench-mounts-'));
    const mounts = [
      '/workspace',
      '/switchyard/checkpoints',
      '/switchyard/output',
      '/switchyard/exchange',
      '/switchyard/python',
    ].flatMap((target, i) => {
      const source = path.join(shared, String(i));
      mkdirSync(source);
      return ['--mount', `type=bind,source=${source},target=${target}`];
    });
    const bare = [
      '-H',
      dockerd.dockerHost,
      'run',
      '--rm',
      '--init',
      '--security-opt',
      'no-new-privileges',
      '--user',
      `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
      '--log-opt',
      'max-size=128m',
      '--log-opt',
      'max-file=2',
      '--shm-size',
      '8g',
      '--workdir',
      '/workspace',
      ...mounts,
      image,
      'true',
    ];
    const trial = async (): Promise<void> => {
      const {
        trialIds: [id],
      } = await engine.api.submit({
        config: {
          entrypoint: ['true'],
          runtime: 'docker',
          environment: { image },
          resources: { slots: 0 },
          max_restarts: 0,
        },
        source: { kind: 'none' },
      });
      const outcome = await engine.waitFor(`#${id} is done`, ({ trials }) => trials.get(id ?? 0)?.outcome ?? undefined);
      if (outcome.kind !== 'completed') throw new Error(`a trial in a container ${outcome.kind}: ${outcome.message}`);
    };
    const ours: number[] = [];
    const theirs: number[] = [];
    // In turns, so that what else the machine does hits both alike.
    for (let round = 0; round < WARM_UP + TRIALS; round++) {
      const beganMs = performance.now();
      await trial();
      const betweenMs = performance.now();
      await run(docker, bare);
      if (round < WARM_UP) continue;
      ours.push(betweenMs - beganMs);
      theirs.push(performance.now() - betweenMs);
    }
    rmSync(shared, { recursive: true, force: true });
    const times = median(ours) / median(theirs);
    return {
      promise: PROMISE,
      figure: `${times.toFixed(2)} times: ${ms(median(ours))} (p50 of ${TRIALS}, in turns with the peer)`,
      target: TARGET,
      pass: times <= MOST_TIMES,
      peer: `docker run --rm of the same container: ${ms(median(theirs))}`,
    };
  });
}
