/** What is asked of the engine for one attempt. Pure. */
import type Dockerode from 'dockerode';
import type { LaunchMount, LaunchSpec } from '../../electron/ports/trial-runtime.ts';
import type { CheckedMounts } from './check-mounts.ts';
import { HELPER_DIR } from './container-paths.ts';
import { ENTRY_PATH } from './entry.ts';

export const ENGINE_LABEL = 'switchyard.engine';
export const TRIAL_LABEL = 'switchyard.trial';
export const ATTEMPT_LABEL = 'switchyard.attempt';

const MIB = 1024 * 1024;
/** The engine's own copy of the output; ours is the log file. Two files of this size hold what a pause of Switchyard leaves to be fetched. */
const LOG_MAX_SIZE = '128m';
const LOG_MAX_FILES = '2';

/** An empty directory that nobody but root can write to. */
const COVER_BYTES = 4096;
const COVER_MODE = 0o555;

/** What nvidia-container-toolkit knows to mount; others in NVIDIA_DRIVER_CAPABILITIES would make the engine refuse. */
const DRIVER_CAPABILITIES: ReadonlySet<string> = new Set([
  'compute',
  'compat32',
  'display',
  'graphics',
  'ngx',
  'utility',
  'video',
]);
const DEFAULT_DRIVER_CAPABILITIES = ['compute', 'utility'] as const;

/** What a training script run as root does not need of Docker's default set. Any other user gets none at all. */
const DROPPED_FOR_ROOT = ['AUDIT_WRITE', 'MKNOD', 'NET_RAW', 'SETFCAP', 'SETPCAP', 'SYS_CHROOT'] as const;

/** How the engine treats users; see engine-status.ts. */
export interface UserMapping {
  readonly rootless: boolean;
  readonly remapsUsers: boolean;
}

/** What an image says of how it is run. */
export interface ImageFacts {
  /** "NAME=value" */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** "" = root; else a name or an id, with or without ":group". */
  readonly user: string;
}

/** What the image and the engine's user bring with them. */
export interface OwnFacts {
  readonly image: ImageFacts;
  /** Further groups of the user that trials run as: what files of a shared disk are often open to. */
  readonly groups: readonly number[];
}
export const NO_IMAGE_FACTS: ImageFacts = { env: [], entrypoint: [], command: [], user: '' };
const NOTHING_OWN: OwnFacts = { image: NO_IMAGE_FACTS, groups: [] };

/**
 * argv replaces both the image's entrypoint and its command: what was submitted is what runs, whatever the image; user and working
 * directory are the trial's. Each of these stays the image's where `spec.ofImage` names it.
 * The name is the attempt id, so a second create of the same attempt is refused by the engine.
 * @param entry the mounts of the entry; null = Docker's init program and log are used
 * What the trial writes belongs to spec.user on the host: with a rootless engine that user is root inside the container.
 */
export function containerOptions(
  spec: LaunchSpec,
  image: string,
  mapping: UserMapping,
  checked: CheckedMounts,
  entry: readonly LaunchMount[] | null,
  own: OwnFacts = NOTHING_OWN,
): Dockerode.ContainerCreateOptions {
  const keeps = new Set(spec.ofImage);
  const user = mapping.rootless ? { uid: 0, gid: 0 } : spec.user;
  const isRoot = keeps.has('user') ? isRootName(own.image.user) : user.uid === 0;
  const argv = programOf(spec, own.image);
  const memory = spec.limits.memoryMiB === null ? null : spec.limits.memoryMiB * MIB;
  const shm = Math.min(spec.limits.shmMiB * MIB, memory ?? Number.MAX_SAFE_INTEGER);
  return {
    name: spec.attemptId,
    Image: image,
    Entrypoint: entry === null ? [...argv] : [ENTRY_PATH, ...argv],
    Cmd: [],
    ...(keeps.has('workdir') ? {} : { WorkingDir: spec.workDir }),
    ...(keeps.has('user') ? {} : { User: `${user.uid}:${user.gid}` }),
    Env: Object.entries(containerEnv(spec, isRoot || keeps.has('user'), own.image.env)).map(
      ([name, value]) => `${name}=${value}`,
    ),
    Labels: { [ENGINE_LABEL]: spec.engineId, [TRIAL_LABEL]: String(spec.trialId), [ATTEMPT_LABEL]: spec.attemptId },
    StopSignal: 'SIGTERM',
    Tty: false,
    OpenStdin: false,
    HostConfig: {
      // The entry is a first process of its own.
      Init: entry === null,
      AutoRemove: false,
      Privileged: false,
      RestartPolicy: { Name: 'no' },
      SecurityOpt: ['no-new-privileges'],
      CapDrop: isRoot ? [...DROPPED_FOR_ROOT] : ['ALL'],
      ...(isRoot || keeps.has('user') || own.groups.length === 0 ? {} : { GroupAdd: own.groups.map(String) }),
      ...(mapping.remapsUsers ? { UsernsMode: 'host' } : {}),
      ShmSize: shm,
      // The same limit with swap: a trial that outgrows its memory ends with a clear reason instead of slowing the machine down.
      ...(memory === null ? {} : { Memory: memory, MemorySwap: memory }),
      ...(spec.limits.cpus === null ? {} : { NanoCpus: Math.round(spec.limits.cpus * 1e9) }),
      // With the entry nothing is written here.
      LogConfig: { Type: 'json-file', Config: { 'max-size': LOG_MAX_SIZE, 'max-file': LOG_MAX_FILES } },
      Mounts: [
        ...[...checked.mounts, ...(entry ?? [])].map((mount) => ({
          Type: 'bind' as const,
          Source: mount.hostPath,
          Target: mount.containerPath,
          ReadOnly: mount.readOnly,
        })),
        ...checked.covered.map((target) => ({
          Type: 'tmpfs' as const,
          Source: '',
          Target: target,
          TmpfsOptions: { SizeBytes: COVER_BYTES, Mode: COVER_MODE },
        })),
      ],
      ...(spec.slotUuids.length === 0
        ? {}
        : {
            DeviceRequests: [
              {
                Driver: '',
                DeviceIDs: [...spec.slotUuids],
                Capabilities: [['gpu', ...driverCapabilities(spec.env['NVIDIA_DRIVER_CAPABILITIES'])]],
              },
            ],
          }),
    },
  };
}

function driverCapabilities(wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return DEFAULT_DRIVER_CAPABILITIES;
  const known = wanted
    .split(',')
    .map((name) => name.trim())
    .flatMap((name) => (name === 'all' ? [...DRIVER_CAPABILITIES] : [name]))
    .filter((name) => DRIVER_CAPABILITIES.has(name));
  return known.length === 0 ? DEFAULT_DRIVER_CAPABILITIES : [...new Set(known)];
}

/** The helper is added to the modules of the image; a PYTHONPATH that the user gave replaces the image's, as with docker run. */
function pythonPath(asked: string | undefined, imageEnv: readonly string[]): Record<string, string> {
  const name = 'PYTHONPATH=';
  const ofImage = imageEnv.findLast((entry) => entry.startsWith(name))?.slice(name.length) ?? '';
  return asked !== HELPER_DIR || ofImage === '' ? {} : { PYTHONPATH: `${HELPER_DIR}:${ofImage}` };
}

/** @returns what runs in the container; empty when neither the trial nor the image has a command */
export function programOf(
  { argv, ofImage = [] }: Pick<LaunchSpec, 'argv' | 'ofImage'>,
  image: ImageFacts,
): readonly string[] {
  return ofImage.includes('entrypoint') ? [...image.entrypoint, ...(argv.length === 0 ? image.command : argv)] : argv;
}

/** @param user as an image names it */
function isRootName(user: string): boolean {
  return ['', '0', 'root'].includes(user.split(':')[0] ?? '');
}

/** @returns the id of an image's user that is not root; null where it is, or has only a name */
export function plainUserId(user: string): number | null {
  return isRootName(user) || !/^\d+(:|$)/.test(user) ? null : Number.parseInt(user, 10);
}

/** @param hasHome the user has an entry of his own in the image */
function containerEnv(spec: LaunchSpec, hasHome: boolean, imageEnv: readonly string[]): Record<string, string> {
  return {
    // Only root has an entry in every image's /etc/passwd; for others home and name must be given, or much of Python's ecosystem fails.
    ...(hasHome ? {} : { HOME: '/tmp', USER: 'trial', LOGNAME: 'trial' }),
    ...spec.env,
    ...pythonPath(spec.env['PYTHONPATH'], imageEnv),
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    // With devices the engine sets this itself. Without, "void" keeps images that ask for all GPUs from getting them.
    ...(spec.slotUuids.length === 0
      ? { NVIDIA_VISIBLE_DEVICES: 'void', CUDA_VISIBLE_DEVICES: '-1' }
      : { NVIDIA_VISIBLE_DEVICES: spec.slotUuids.join(',') }),
    SWITCHYARD_ATTEMPT_ID: spec.attemptId,
  };
}
