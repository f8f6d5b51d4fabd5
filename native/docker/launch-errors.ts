/**
 * Which known failure a container engine's sentence is, and its remedy. Pure. The sentences are Docker's, runc's and
 * nvidia-container-cli's; they are matched as parts, because what surrounds them differs between versions.
 */
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { LaunchHold } from '../../electron/ports/trial-runtime.ts';
import { EngineDown, isConnectionError, sentenceOf, statusOf } from './engine-error.ts';

export const TOOLKIT_REMEDY =
  'Install the NVIDIA Container Toolkit, then run: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker';
const CDI_REMEDY =
  'The CDI description is missing or stale (a driver update does that). Run: sudo nvidia-ctk cdi ' +
  'generate --output=/etc/cdi/nvidia.yaml && sudo systemctl restart docker';
const MISMATCH_REMEDY =
  'The NVIDIA driver was updated while its old kernel module is still loaded: reboot the machine.';
const ROOTLESS_REMEDY =
  'Rootless Docker cannot hand out devices through cgroups. Run: sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place — or use CDI.';
export const DISK_REMEDY =
  'Free some space where Docker keeps its data (docker system df shows what it uses, docker system prune removes what is unused).';

const DENIED = anyOf(
  'pull access denied',
  'unauthorized',
  'authentication required',
  'access to the resource is denied',
  '40[13] (?:Forbidden|Unauthorized)',
  'no basic auth',
  'incorrect username or password',
);
const WRONG_LOGIN = /unauthorized|authentication required|401 Unauthorized|incorrect username or password/i;

interface Rule {
  readonly pattern: RegExp;
  /** Set for a fault of the place: the trial waits, and so does whoever would run into it. */
  readonly holds?: LaunchHold;
  make(image: string, argv0: string, sentence: string): LaunchError;
}

/** The first match wins: specific before general. */
const RULES: readonly Rule[] = [
  {
    pattern: /no space left on device|disk quota exceeded/i,
    holds: 'runtime',
    make: () => new LaunchError('disk_full', 'The disk of the Docker engine is full.', DISK_REMEDY),
  },
  {
    // The image says which driver it needs; no other place has another.
    pattern: /requirement error|unsatisfied condition/i,
    make: (image, _argv0, sentence) =>
      new LaunchError(
        'no_gpu_runtime',
        `The image ${image} needs another NVIDIA driver: ${lastPart(sentence)}`,
        'Use an image for an older CUDA version, or update the driver of this machine.',
      ),
  },
  {
    pattern: /driver\/library version mismatch/i,
    holds: 'gpus',
    make: () =>
      new LaunchError(
        'no_gpu_runtime',
        'Docker cannot use the GPUs: the versions of the NVIDIA driver and its library differ.',
        MISMATCH_REMEDY,
      ),
  },
  {
    pattern: /bpf_prog_query\(BPF_CGROUP_DEVICE\)/i,
    holds: 'gpus',
    make: () =>
      new LaunchError(
        'no_gpu_runtime',
        'Docker runs rootless and may not give devices to containers.',
        ROOTLESS_REMEDY,
      ),
  },
  {
    pattern: /unresolvable CDI devices|failed to inject CDI|CDI device injection failed|"?cdi"? with capabilities/i,
    holds: 'gpus',
    make: () =>
      new LaunchError(
        'no_gpu_runtime',
        'Docker could not find the leased GPUs in its device descriptions (CDI).',
        CDI_REMEDY,
      ),
  },
  {
    pattern: /unknown device|device error:|GPU is lost|no such device.*GPU|nvml error: (?:not found|gpu)/i,
    make: (_image, _argv0, sentence) =>
      new LaunchError(
        'gpu_gone',
        `A leased GPU is not there any more: ${lastPart(sentence)}`,
        'See nvidia-smi -L and dmesg; a GPU that fell off the bus needs a reboot.',
        true,
      ),
  },
  {
    pattern: /could not select device driver/i,
    holds: 'gpus',
    make: () => new LaunchError('no_gpu_runtime', 'Docker has no GPU support on this machine.', TOOLKIT_REMEDY),
  },
  {
    pattern: /nvidia-container-cli|nvidia-container-runtime|libnvidia-ml/i,
    holds: 'gpus',
    make: (_image, _argv0, sentence) =>
      new LaunchError(
        'no_gpu_runtime',
        `The NVIDIA container runtime failed: ${lastPart(sentence)}`,
        `Check that nvidia-smi works on this machine. ${TOOLKIT_REMEDY}`,
      ),
  },
  {
    pattern: anyOf(
      'failed to set up container networking',
      'failed to create endpoint',
      'network bridge not found',
      'could not find bridge',
      'no such network interface',
      'iptables(?: failed|: No)',
      'programming external connectivity',
      'failed to add the host',
    ),
    holds: 'runtime',
    make: (_image, _argv0, sentence) =>
      new LaunchError(
        'launch_failed',
        `Docker's network on this machine is broken: ${lastPart(sentence)}`,
        'Restart Docker, which sets its network up again: sudo systemctl restart docker',
      ),
  },
  {
    pattern: anyOf('exec: "?/switchyard/entry'),
    holds: 'runtime',
    make: () =>
      new LaunchError(
        'launch_failed',
        "No program can be started from the file system that holds Switchyard's data.",
        'It is mounted with noexec: remount it without, or move the data directory (SWITCHYARD_HOME).',
      ),
  },
  {
    pattern: anyOf(
      'cannot allocate memory',
      'resource temporarily unavailable',
      'too many open files',
      'containerd\\.sock',
      'ttrpc: closed',
      'transport is closing',
      'unknown or invalid runtime name',
      'input/output error',
      '(?:docker|containerd)/\\S*: read-only file system',
      'cgroup.*(?:not mounted|no such file)',
      'systemd.*(?:timed out|timeout)',
    ),
    holds: 'runtime',
    make: (_image, _argv0, sentence) =>
      new LaunchError(
        'launch_failed',
        `Docker cannot start containers on this machine now: ${lastPart(sentence)}`,
        'Look at: sudo journalctl -u docker — a restart often helps: sudo systemctl restart docker',
      ),
  },
  {
    pattern: anyOf(
      'bind source path does not exist',
      'invalid mount config',
      'error mounting',
      'error while creating mount source path',
      'mounts? denied',
      'is not shared from the host',
    ),
    make: (_image, _argv0, sentence) =>
      new LaunchError(
        'mount_failed',
        `A directory could not be mounted: ${lastPart(sentence)}`,
        'Create the directory, or correct the path in mounts (Docker Desktop also needs it among its shared folders).',
      ),
  },
  {
    pattern: /docker-init|container-init|catatonit/i,
    holds: 'runtime',
    make: (_image, _argv0, sentence) =>
      /catatonit|container-init/i.test(sentence)
        ? new LaunchError(
            'launch_failed',
            'Podman lacks its init program (catatonit).',
            'Install it: sudo apt install catatonit (or dnf).',
          )
        : new LaunchError(
            'launch_failed',
            'Docker lacks its init program (docker-init).',
            'Install it: sudo apt install tini — or reinstall Docker Engine.',
          ),
  },
  {
    pattern: /exec: .*(?:executable file not found|no such file or directory)|executable file .* not found/i,
    make: (image, argv0) =>
      new LaunchError(
        'command_missing',
        `The program "${argv0}" does not exist in the image ${image}.`,
        'Use another image, or give the full path of the program in it.',
      ),
  },
  {
    pattern: /exec: .*permission denied/i,
    make: (_image, argv0) =>
      new LaunchError(
        'command_missing',
        `The program "${argv0}" is not executable.`,
        `Run chmod +x ${argv0}, or name its interpreter: python ${argv0}, sh ${argv0}`,
      ),
  },
  {
    pattern: /invalid reference format|must be lowercase/i,
    make: (image) =>
      new LaunchError(
        'image_invalid',
        `"${image}" is not a valid image name.`,
        'It should look like python:3.13 or registry.example.org/team/image:tag',
      ),
  },
  {
    pattern: /toomanyrequests|rate limit/i,
    holds: 'image',
    make: (image) =>
      new LaunchError(
        'registry_unreachable',
        `The registry refuses to send ${image} now: its download limit is reached.`,
        'Run: docker login — or wait: it is tried again by itself.',
      ),
  },
  {
    pattern: DENIED,
    make: (image) =>
      new LaunchError(
        'image_missing',
        `The image ${image} does not exist, or needs a login.`,
        'Check the name; for a private image run: docker login',
      ),
  },
  {
    pattern:
      /manifest (?:for .* )?(?:unknown|not found)|no such image|not found: manifest|name unknown|repository .* not found|no matching manifest|: not found$/i,
    make: (image) =>
      new LaunchError(
        'image_missing',
        `The image ${image} was not found.`,
        'Check its name and tag, or build it on this machine.',
      ),
  },
  {
    pattern: anyOf(
      'dial tcp',
      'no such host',
      'i/o timeout',
      'TLS handshake',
      'connection refused|connection reset',
      'request canceled|context deadline exceeded',
      'proxyconnect',
      'network is unreachable',
      'x509',
      'EOF$',
      'server misbehaving',
      'unexpected EOF',
      'failed to (?:register layer|copy|do request)',
      'received unexpected HTTP status',
      '50[0-4] ',
    ),
    holds: 'image',
    make: (image, _argv0, sentence) =>
      new LaunchError(
        'registry_unreachable',
        `The image ${image} is not on this machine and its registry cannot be reached: ${lastPart(sentence)}`,
        'Check the network, or load the image by hand (docker pull, docker load). It is tried again by itself.',
      ),
  },
];

export function cancelled(): LaunchError {
  return new LaunchError('launch_failed', 'The start was cancelled before the program ran.', null, true);
}

/** @param error from creating, pulling or starting @returns what to tell, by code */
export function toLaunchError(error: unknown, image: string, argv0: string): LaunchError {
  if (error instanceof LaunchError) return error;
  if (error instanceof EngineDown) return new LaunchError('runtime_down', error.message, error.remedy, true);
  if (isConnectionError(error))
    return new LaunchError(
      'runtime_down',
      'The Docker daemon went away during the start.',
      'Start it again: sudo systemctl start docker',
      true,
    );
  const sentence = sentenceOf(error);
  for (const rule of RULES) {
    if (!rule.pattern.test(sentence)) continue;
    const made = rule.make(image, argv0, sentence);
    return rule.holds === undefined ? made : new LaunchError(made.code, made.message, made.remedy, true, rule.holds);
  }
  const refusedMemory = /memory/i.test(sentence) && statusOf(error) === 400;
  return new LaunchError(
    'launch_failed',
    `Docker could not start the container: ${shorten(sentence)}`,
    refusedMemory ? 'Correct resources.memory (Docker needs at least 6 MiB).' : null,
  );
}

/**
 * What a registry's refusal means, when it is one of the login; null = it is not.
 * @param login what was sent with the request; null = nothing
 */
export function explainDenied(
  error: unknown,
  image: string,
  registry: string,
  login: { readonly username: string | null } | null,
): LaunchError | null {
  const sentence = sentenceOf(error);
  if (isConnectionError(error) || !DENIED.test(sentence)) return null;
  const isHub = registry === 'index.docker.io';
  const where = isHub ? 'Docker Hub' : registry;
  const remedy = `docker login${isHub ? '' : ` ${registry}`}`;
  if (login === null)
    return new LaunchError(
      'image_missing',
      `The image ${image} does not exist at ${where}, or needs a login there.`,
      `Check the name; for a private image run: ${remedy} — then retry the trial.`,
    );
  const who = login.username === null ? 'the stored login' : `the stored login of ${login.username}`;
  return new LaunchError(
    'image_missing',
    WRONG_LOGIN.test(sentence)
      ? `${where} refuses ${who}: wrong or outdated.`
      : `The image ${image} does not exist at ${where}, or ${who} may not read it.`,
    `Run: ${remedy} — then retry the trial.`,
  );
}

/** The end of a nested message is what went wrong; what comes before is who reported it. */
function lastPart(sentence: string): string {
  const parts = sentence.trim().split(/: (?!\/)/);
  return shorten(parts.slice(-3).join(': '));
}

function shorten(sentence: string): string {
  const line = sentence.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

/** One pattern of several parts of a sentence, any of which is enough. */
function anyOf(...parts: readonly string[]): RegExp {
  return new RegExp(parts.join('|'), 'i');
}
