/** What kind of engine answered, whether GPUs can reach its containers, and what to do where they cannot. */
import { access, stat, statfs } from 'node:fs/promises';
import type Dockerode from 'dockerode';
import type { DoctorCheck } from '../../electron/contract/settings.ts';
import type { RuntimeStatus } from '../../electron/ports/trial-runtime.ts';
import { QUICK_MS } from './connection.ts';
import type { EngineConnection } from './connection.ts';
import { EngineDown, isConnectionError } from './engine-error.ts';
import { DISK_REMEDY, TOOLKIT_REMEDY } from './launch-errors.ts';

/** What /version and /info say, as far as it matters here. */
export interface EngineFacts {
  readonly version: string;
  readonly product: 'docker' | 'docker-desktop' | 'podman';
  readonly rootless: boolean;
  /** The engine maps users of containers to others of the host (userns-remap). */
  readonly remapsUsers: boolean;
  readonly liveRestore: boolean;
  /** CPUs the engine may give to a container; null when it does not say. */
  readonly cpus: number | null;
  /** Where images and containers are; null when it does not say. */
  readonly rootDir: string | null;
  /** "x86_64", "aarch64". */
  readonly architecture: string;
  /** True when the engine itself lists a GPU runtime or GPU devices; engines that only find a hook program do not list it. */
  readonly listsGpuRuntime: boolean;
}

interface EngineVersion {
  readonly Version?: string;
  readonly Platform?: { readonly Name?: string };
  readonly Components?: readonly { readonly Name?: string }[];
}
interface EngineInfo {
  readonly OperatingSystem?: string;
  readonly LiveRestoreEnabled?: boolean;
  readonly NCPU?: number;
  readonly Architecture?: string;
  readonly DockerRootDir?: string;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly SecurityOptions?: readonly string[] | null;
  /** Since API 1.50: CDI devices the engine knows. */
  readonly DiscoveredDevices?: readonly { readonly ID?: string }[] | null;
}

/** Pure. */
export function readFacts(version: EngineVersion, info: EngineInfo): EngineFacts {
  const isPodman =
    (version.Components ?? []).some((component) => /podman/i.test(component.Name ?? '')) ||
    /podman/i.test(version.Platform?.Name ?? '');
  const isDesktop =
    /docker desktop/i.test(info.OperatingSystem ?? '') || /docker desktop/i.test(version.Platform?.Name ?? '');
  return {
    version: version.Version ?? 'unknown',
    product: isPodman ? 'podman' : isDesktop ? 'docker-desktop' : 'docker',
    rootless: (info.SecurityOptions ?? []).some((option) => option.includes('rootless')),
    remapsUsers: (info.SecurityOptions ?? []).some((option) => option.includes('userns')),
    liveRestore: info.LiveRestoreEnabled === true,
    cpus: typeof info.NCPU === 'number' && info.NCPU > 0 ? info.NCPU : null,
    rootDir: info.DockerRootDir ?? null,
    architecture: info.Architecture ?? 'unknown',
    listsGpuRuntime:
      'nvidia' in (info.Runtimes ?? {}) ||
      (info.DiscoveredDevices ?? []).some((device) => device.ID?.startsWith('nvidia.com/') === true),
  };
}

export interface GpuVerdict {
  readonly supported: boolean | null;
  readonly problem: string | null;
  readonly remedy: string | null;
}

/**
 * Pure.
 * @param hookInstalled a program of the NVIDIA Container Toolkit is on this machine
 * @param tried what the last launch with GPUs found; null = none yet
 */
export function judgeGpuSupport(
  facts: EngineFacts,
  platform: NodeJS.Platform,
  hookInstalled: boolean,
  tried: boolean | null,
): GpuVerdict {
  if (facts.product === 'podman') {
    return {
      supported: false,
      problem:
        "Podman's Docker-compatible socket ignores requests for GPUs: trials with GPUs cannot run in its containers.",
      remedy: 'Install Docker Engine for trials with GPUs, or run them as plain processes (runtime: process).',
    };
  }
  if (facts.product === 'docker-desktop' && platform !== 'win32') {
    return {
      supported: false,
      problem: 'Docker Desktop runs containers in a virtual machine that has no GPU.',
      remedy:
        platform === 'linux'
          ? 'Install Docker Engine beside it, then run: docker context use default'
          : 'Run trials with GPUs as plain processes (runtime: process).',
    };
  }
  if (tried !== null)
    return {
      supported: tried,
      problem: tried ? null : 'Docker has no working GPU support on this machine.',
      remedy: tried ? null : TOOLKIT_REMEDY,
    };
  return { supported: facts.listsGpuRuntime || hookInstalled ? true : null, problem: null, remedy: null };
}

export interface EngineInspector {
  status(): Promise<RuntimeStatus>;
  diagnose(): Promise<readonly DoctorCheck[]>;
  /** Asked once per connection. @throws EngineDown */
  facts(): Promise<EngineFacts>;
  /** What a launch with GPUs has shown. */
  noteGpuLaunch(worked: boolean): Promise<void>;
}

const MIB = 1024 * 1024;
/** An image for training takes several GiB. */
const SHORT_DISK_MIB = 10 * 1024;
/** No container starts reliably. */
const FULL_DISK_MIB = 256;

const HOOKS = [
  '/usr/bin/nvidia-container-runtime-hook',
  '/usr/bin/nvidia-container-runtime',
  '/usr/local/nvidia/toolkit/nvidia-container-runtime',
] as const;

/** What the remedies change without a restart of the engine: settings of the toolkit and of Docker, descriptions of devices (CDI). */
const GPU_SETTINGS = [
  '/etc/nvidia-container-runtime/config.toml',
  '/etc/docker/daemon.json',
  '/etc/cdi',
  '/etc/cdi/nvidia.yaml',
  '/var/run/cdi',
  '/var/run/cdi/nvidia.yaml',
] as const;

/** @param files where the toolkit's programs and its settings are, for tests */
export function createEngineInspector(
  connection: Pick<EngineConnection, 'engine' | 'call' | 'address'>,
  files: { readonly hooks: readonly string[]; readonly settings: readonly string[] } = {
    hooks: HOOKS,
    settings: GPU_SETTINGS,
  },
): EngineInspector {
  /** What the last launch with GPUs found, on which engine and with what set up: after a remedy it says nothing any more. */
  let gpuTried: { readonly worked: boolean; readonly engine: Dockerode | null; readonly setUp: string } | null = null;

  /** What an engine is does not change while the connection to it holds. */
  const known = new WeakMap<Dockerode, EngineFacts>();

  const ask = (): Promise<EngineFacts> =>
    connection.call(QUICK_MS, async (engine) => {
      const [version, info] = await Promise.all([engine.version(), engine.info()]);
      const found = readFacts(version as EngineVersion, info as EngineInfo);
      known.set(engine, found);
      return found;
    });
  // A connection that broke is forgotten: asking again looks for the engine anew, and knows what to say when there is none.
  const askAgain = (): Promise<EngineFacts> =>
    ask().catch((error: unknown) => {
      if (!isConnectionError(error)) throw error;
      return ask();
    });
  const exists = (file: string): Promise<boolean> =>
    access(file).then(
      () => true,
      () => false,
    );
  const installedHooks = async (): Promise<readonly boolean[]> => Promise.all(files.hooks.map(exists));
  const changedAtMs = (file: string): Promise<number | null> =>
    stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
  const describeSetUp = async ({ listsGpuRuntime }: EngineFacts): Promise<string> =>
    [listsGpuRuntime, ...(await installedHooks()), ...(await Promise.all(files.settings.map(changedAtMs)))].join();
  const judge = async (found: EngineFacts): Promise<GpuVerdict> => {
    const hooks = await installedHooks();
    const engine = await connection.engine().catch(() => null);
    const holds = gpuTried !== null && gpuTried.engine === engine && gpuTried.setUp === (await describeSetUp(found));
    return judgeGpuSupport(found, process.platform, hooks.includes(true), holds ? (gpuTried?.worked ?? null) : null);
  };
  const explainDown = (error: unknown): { problem: string; remedy: string | null } =>
    error instanceof EngineDown
      ? { problem: error.message, remedy: error.remedy }
      : {
          problem: `The container engine does not answer as expected: ${error instanceof Error ? error.message : 'unknown error'}`,
          remedy: null,
        };

  return {
    facts: async () => known.get(await connection.engine()) ?? (await askAgain()),
    async noteGpuLaunch(worked) {
      const found = await this.facts().catch(() => null);
      if (found === null) return;
      gpuTried = { worked, engine: await connection.engine().catch(() => null), setUp: await describeSetUp(found) };
    },
    async status() {
      try {
        const found = await askAgain();
        const gpu = await judge(found);
        return {
          available: true,
          version: found.version,
          gpuSupport: gpu.supported,
          problem: gpu.problem,
          remedy: gpu.remedy,
        };
      } catch (error) {
        return { available: false, version: null, gpuSupport: null, ...explainDown(error) };
      }
    },
    async diagnose() {
      const title = 'Docker engine';
      let found: EngineFacts;
      try {
        found = await askAgain();
      } catch (error) {
        const { problem, remedy } = explainDown(error);
        // Trials run as processes without it.
        return [{ id: 'docker', title, status: 'warning', found: problem, remedy }];
      }
      const address = connection.address();
      const name = { docker: 'Docker Engine', 'docker-desktop': 'Docker Desktop', podman: 'Podman' }[found.product];
      const gpu = await judge(found);
      const hasDriver = await exists('/proc/driver/nvidia/version');
      return [
        {
          id: 'docker',
          title,
          status: 'ok',
          remedy: null,
          found: `${name} ${found.version}${found.rootless ? ', rootless' : ''} at ${address?.text ?? 'unknown'} (${address?.origin ?? 'unknown'})`,
        },
        describeGpu(gpu, hasDriver),
        ...(await describeDisk(found)),
      ];
    },
  };
}

/** Images and what containers write into themselves are on a disk of Docker's, often another than that of the data. */
async function describeDisk({ product, rootDir }: EngineFacts): Promise<readonly DoctorCheck[]> {
  if (rootDir === null || product === 'docker-desktop') return [];
  const disk = await statfs(rootDir).catch(() => null);
  if (disk === null) return [];
  const freeMiB = Math.floor((disk.bavail * disk.bsize) / MIB);
  const isShort = freeMiB < SHORT_DISK_MIB;
  return [
    {
      id: 'docker-disk',
      title: 'Disk of Docker',
      status: freeMiB < FULL_DISK_MIB ? 'error' : isShort ? 'warning' : 'ok',
      found: `${freeMiB < 1024 ? `${freeMiB} MiB` : `${Math.floor(freeMiB / 1024)} GiB`} free at ${rootDir}.`,
      remedy: isShort ? DISK_REMEDY : null,
    },
  ];
}

function describeGpu(gpu: GpuVerdict, hasDriver: boolean): DoctorCheck {
  const base = { id: 'docker-gpu', title: 'GPUs in containers' };
  if (gpu.supported === true)
    return { ...base, status: 'ok', found: 'The NVIDIA container runtime is set up.', remedy: null };
  if (gpu.supported === false)
    return {
      ...base,
      status: hasDriver ? 'error' : 'warning',
      found: gpu.problem ?? 'GPUs do not reach containers.',
      remedy: gpu.remedy,
    };
  return hasDriver
    ? {
        ...base,
        status: 'warning',
        found: 'There is an NVIDIA driver, but no NVIDIA Container Toolkit was found.',
        remedy: TOOLKIT_REMEDY,
      }
    : {
        ...base,
        status: 'info',
        found: 'No NVIDIA driver on this machine; containers run without GPUs.',
        remedy: null,
      };
}
