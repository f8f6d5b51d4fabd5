/**
 * A private Docker daemon for tests: own data, sockets and containerd namespace in a temporary directory, no network for its containers.
 * Needs root and the packages docker.io (dockerd, containerd, runc) and busybox-static; nothing is pulled from anywhere.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Dockerode from 'dockerode';
import { execa } from 'execa';
import { busyboxTar, pythonTar } from './image-tars.ts';

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 40_000;

export interface TestDockerd {
  readonly socketPath: string;
  /** For DOCKER_HOST. */
  readonly dockerHost: string;
  readonly api: Dockerode;
  /** Imports an image of busybox (sh, coreutils, setsid, ...) once. @returns its reference */
  busyboxImage(): Promise<string>;
  /** Imports an image of busybox and this machine's Python with its standard library once. @returns its reference */
  pythonImage(): Promise<string>;
  /** Ends the daemon (its containers with it) and removes everything. Idempotent. */
  stop(): Promise<void>;
  /** Ends the daemon only: `signal` SIGTERM stops its containers, SIGKILL is a crash. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Starts an ended daemon again on the same data. */
  start(): Promise<void>;
  /** end(SIGTERM) and start(). */
  restart(): Promise<void>;
}

/**
 * Why no daemon can be started here; null = it can. Decides at collection time whether tests are skipped.
 * @throws with CI=true, where a missing component is a failure
 */
export function dockerdObstacle(): string | null {
  const obstacle = findObstacle();
  if (obstacle !== null && process.env['CI'] === 'true')
    throw new Error(`tests with real containers cannot run: ${obstacle}`);
  return obstacle;
}

function findObstacle(): string | null {
  if (process.platform !== 'linux') return 'a private dockerd runs on Linux only';
  if (process.getuid?.() !== 0) return 'starting a private dockerd needs root';
  for (const [program, what] of [
    ['dockerd', 'docker.io'],
    ['containerd', 'containerd'],
    ['runc', 'runc'],
    ['busybox', 'busybox-static'],
  ] as const) {
    if (findProgram(program) === null) return `${program} is not installed (Debian package ${what})`;
  }
  return null;
}

/** @param options.gpuHook put a stub nvidia-container-runtime-hook on the daemon's PATH, so that requests for GPUs are accepted */
export async function startDockerd(options: { readonly gpuHook?: boolean } = {}): Promise<TestDockerd> {
  const obstacle = findObstacle();
  if (obstacle !== null) throw new Error(obstacle);
  // Short: the path of containerd's socket below it must fit into 107 bytes.
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sy-'));
  const socketPath = path.join(dir, 'docker.sock');
  const logFile = path.join(dir, 'dockerd.log');
  const env = { ...process.env, PATH: SEARCH_PATH };
  if (options.gpuHook === true) {
    await mkdir(path.join(dir, 'bin'));
    await writeFile(path.join(dir, 'bin', 'nvidia-container-runtime-hook'), '#!/bin/sh\ncat >/dev/null\nexit 0\n', {
      mode: 0o755,
    });
    env.PATH = `${path.join(dir, 'bin')}:${env.PATH}`;
  }
  let storageDriver = 'overlay2';
  let cameUp = false;
  let child: ChildProcess | null = null;
  const api = new Dockerode({
    socketPath,
    host: undefined,
    port: undefined,
    protocol: 'http',
  } as Dockerode.DockerOptions);
  const images = new Map<string, Promise<string>>();

  async function launchOnce(): Promise<void> {
    await rm(path.join(dir, 'pid'), { force: true });
    const log = openSync(logFile, 'a');
    const started = spawn(
      'dockerd',
      [
        '--data-root',
        path.join(dir, 'data'),
        '--exec-root',
        path.join(dir, 'exec'),
        '--pidfile',
        path.join(dir, 'pid'),
        '-H',
        `unix://${socketPath}`,
        '--bridge=none',
        '--iptables=false',
        '--ip6tables=false',
        '--storage-driver',
        storageDriver,
        // Beside a system daemon with the same containerd nothing must collide.
        '--containerd-namespace',
        path.basename(dir).toLowerCase(),
        '--containerd-plugins-namespace',
        `${path.basename(dir).toLowerCase()}-plugins`,
      ],
      { env, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    child = started;
    const deadline = performance.now() + START_DEADLINE_MS;
    while (performance.now() < deadline) {
      if (started.exitCode !== null || started.signalCode !== null) break;
      if (
        await api.ping().then(
          () => true,
          () => false,
        )
      ) {
        cameUp = true;
        return;
      }
      await Promise.race([delay(50), once(started, 'exit')]);
    }
    started.kill('SIGKILL');
    throw new Error(`dockerd did not come up:\n${readFileSync(logFile, 'utf8').slice(-3000)}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    const timer = setTimeout(() => running.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(timer);
    await containerdEnds();
  }

  /** The daemon's containerd ends after it; a new daemon that still sees it would wait for it in vain. */
  async function containerdEnds(): Promise<void> {
    const pid = Number(await readFile(path.join(dir, 'exec', 'containerd', 'containerd.pid'), 'utf8').catch(() => ''));
    if (!Number.isInteger(pid) || pid < 2) return;
    const deadline = performance.now() + STOP_DEADLINE_MS;
    while (performance.now() < deadline && existsSync(`/proc/${pid}`)) await delay(20);
    await rm(path.join(dir, 'exec', 'containerd', 'containerd.pid'), { force: true });
  }

  async function start(): Promise<void> {
    try {
      await launchOnce();
    } catch (error) {
      // overlay2 does not work on top of every file system (overlayfs itself, for one).
      if (cameUp || storageDriver !== 'overlay2') throw error;
      storageDriver = 'vfs';
      await rm(path.join(dir, 'data'), { recursive: true, force: true });
      await launchOnce();
    }
  }

  function importOnce(name: string, makeTar: () => Promise<string>): Promise<string> {
    const known = images.get(name);
    if (known !== undefined) return known;
    const importing = (async () => {
      const tar = await makeTar();
      const stream = await api.importImage(tar, { repo: name.split(':')[0] ?? name, tag: 'test' });
      await new Promise<void>((resolve, reject) => {
        api.modem.followProgress(stream, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      return name;
    })();
    images.set(name, importing);
    return importing;
  }

  const onExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', onExit);
  try {
    await start();
  } catch (error) {
    process.off('exit', onExit);
    await removeLeftovers(dir);
    throw error;
  }
  return {
    socketPath,
    dockerHost: `unix://${socketPath}`,
    api,
    start,
    end,
    busyboxImage: () => importOnce('switchyard-busybox:test', busyboxTar),
    pythonImage: () => importOnce('switchyard-python:test', pythonTar),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    async stop() {
      process.off('exit', onExit);
      if (child !== null) await removeContainers(api);
      await end('SIGTERM');
      await removeLeftovers(dir);
    },
  };
}

/** What a crashed daemon leaves: shims with the containers below them, mounts, files. Only what names this daemon's own directory. */
async function removeLeftovers(dir: string): Promise<void> {
  const parents = new Map<number, number>();
  const shims = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (command[0]?.includes('containerd-shim') === true && command.some((word) => word.startsWith(`${dir}/`)))
        shims.add(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  for (const [pid, parent] of parents) if (shims.has(pid) || shims.has(parent)) sendKill(pid);
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((point) => point.startsWith(`${dir}/`)).reverse())
    await execa('umount', ['-l', mount], { reject: false });
  await rm(dir, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone.
  }
}

/** A daemon that stops gives each container ten seconds; tests do not. */
async function removeContainers(api: Dockerode): Promise<void> {
  const containers = await api.listContainers({ all: true }).catch(() => []);
  await Promise.all(
    containers.map((container) =>
      api
        .getContainer(container.Id)
        .remove({ force: true, v: true })
        .catch(() => undefined),
    ),
  );
}

const SEARCH_PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`;

/** @returns the path of a program, also in the sbin directories that a user's PATH leaves out */
function findProgram(name: string): string | null {
  for (const dir of SEARCH_PATH.split(':')) {
    if (dir === '') continue;
    try {
      accessSync(path.join(dir, name), constants.X_OK);
      return path.join(dir, name);
    } catch {
      // Not here.
    }
  }
  return null;
}
