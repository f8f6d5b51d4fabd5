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

/** A command line of two programs: ours is Node, which takes its time to start, and talks to an engine that syncs before it answers. */
const MOST_TIMES_FROM_SHELL = 2;
const SHELL_TRIALS = 10;
const SHELL_PROMISE =
  'from the shell to the end: `switchyard submit --wait` of a container over `docker run --rm --init`';

const run = promisify(execFile);
const CLI = path.join(import.meta.dirname, '..', '..', 'electron', 'switchyard.cjs');

export async function benchContainer(): Promise<BenchResult[]> {
  const docker = findProgram(['docker']);
  const obstacle = docker === null ? 'docker is not installed' : dockerdObstacle();
  if (docker === null || obstacle !== null) return [skipped(PROMISE, TARGET, obstacle ?? '')];
  const dockerd = await startDockerd();
  try {
    return await compare(docker, dockerd);
  } finally {
    await dockerd.stop();
  }
}

async function compare(docker: string, dockerd: TestDockerd): Promise<BenchResult[]> {
  const image = await dockerd.busyboxImage();
  return await withYard('container', { env: { DOCKER_HOST: dockerd.dockerHost } }, async ({ engine, dataDir }) => {
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
    const shell = await compareFromShell(docker, dockerd, dataDir, image);
    const fromShell = median(shell.ours) / median(shell.theirs);
    const share = `${ms(median(shell.verb))} of it is the verb, ${ms(median(shell.node))} the start of Node`;
    return [
      {
        promise: PROMISE,
        figure: `${times.toFixed(2)} times: ${ms(median(ours))} (p50 of ${TRIALS}, in turns with the peer)`,
        target: TARGET,
        pass: times <= MOST_TIMES,
        peer: `docker run --rm of the same container: ${ms(median(theirs))}`,
      },
      {
        promise: SHELL_PROMISE,
        figure: `${fromShell.toFixed(2)} times: ${ms(median(shell.ours))} (p50 of ${SHELL_TRIALS}, in turns); ${share}`,
        target: `at most ${MOST_TIMES_FROM_SHELL} times`,
        pass: fromShell <= MOST_TIMES_FROM_SHELL,
        peer: `docker run --rm --init: ${ms(median(shell.theirs))}`,
      },
    ];
  });
}

/** In turns: a trial from the command line, its peer, and what of it is our command line: a verb that does next to nothing, and Node alone. */
async function compareFromShell(
  docker: string,
  dockerd: TestDockerd,
  dataDir: string,
  image: string,
): Promise<Record<'ours' | 'theirs' | 'verb' | 'node', number[]>> {
  const env = { ...process.env, SWITCHYARD_HOME: dataDir };
  const commands = {
    ours: () =>
      run(process.execPath, [CLI, 'submit', '--wait', '--no-snapshot', '-g', '0', '--image', image, '--', 'true'], {
        env,
      }),
    theirs: () => run(docker, ['-H', dockerd.dockerHost, 'run', '--rm', '--init', image, 'true']),
    verb: () => run(process.execPath, [CLI, 'ls', '--json'], { env }),
    node: () => run(process.execPath, ['-e', '0']),
  };
  const took: Record<keyof typeof commands, number[]> = { ours: [], theirs: [], verb: [], node: [] };
  for (let round = 0; round < WARM_UP + SHELL_TRIALS; round++)
    for (const name of ['ours', 'theirs', 'verb', 'node'] as const) {
      const beganMs = performance.now();
      await commands[name]();
      if (round >= WARM_UP) took[name].push(performance.now() - beganMs);
    }
  return took;
}
