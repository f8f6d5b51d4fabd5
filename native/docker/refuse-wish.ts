/** What a launch would surely refuse, told at submit. */
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { RuntimeWish, WishRefusal } from '../../electron/ports/trial-runtime.ts';
import { checkMounts } from './check-mounts.ts';
import type { MountGuard } from './check-mounts.ts';
import { WORK_DIR } from './container-paths.ts';
import type { EngineFacts } from './engine-status.ts';
import { parseImageReference } from './image-reference.ts';

/** Docker's own least values. */
const MIN_MEMORY_MIB = 6;
const MIN_CPUS = 0.01;

export interface WishDeps {
  /** @throws EngineDown */
  facts(): Promise<EngineFacts>;
  guard(): MountGuard;
}

/** Never rejects: what cannot be asked now is tried at the launch. */
export async function refuseWish(wish: RuntimeWish, deps: WishDeps): Promise<WishRefusal | null> {
  const facts = await deps.facts().catch(() => null);
  const refused = judgeWish(wish, facts);
  if (refused !== null) return refused;
  const place =
    wish.inPlaceDir === null
      ? []
      : [{ hostPath: wish.inPlaceDir, containerPath: WORK_DIR, readOnly: false, role: 'work' as const }];
  try {
    const links = wish.links.map(({ hostPath, at, readOnly }) => ({
      hostPath,
      containerPath: `${WORK_DIR}/${at}`,
      readOnly,
      role: 'link' as const,
    }));
    await checkMounts([...place, ...wish.mounts, ...links], deps.guard());
    return null;
  } catch (error) {
    if (!(error instanceof LaunchError)) return null;
    return { code: 'mount_refused', path: 'mounts', message: error.message, remedy: error.remedy ?? '' };
  }
}

/** Pure. @param facts null = the engine cannot be asked */
export function judgeWish(wish: RuntimeWish, facts: Pick<EngineFacts, 'cpus' | 'product'> | null): WishRefusal | null {
  const image = wish.image ?? '';
  if (parseImageReference(image) === null)
    return {
      code: 'invalid_config',
      path: 'environment.image',
      message: `"${image}" is not a valid image name.`,
      remedy: 'It should look like python:3.13 or registry.example.org/team/image:tag',
    };
  if (wish.memoryMiB !== null && wish.memoryMiB < MIN_MEMORY_MIB)
    return {
      code: 'invalid_config',
      path: 'resources.memory',
      message: `A container cannot live in ${wish.memoryMiB} MiB of memory.`,
      remedy: `Docker needs at least ${MIN_MEMORY_MIB} MiB; Python alone takes about 20.`,
    };
  if (wish.cpus !== null && wish.cpus < MIN_CPUS)
    return {
      code: 'invalid_config',
      path: 'resources.cpus',
      message: `Docker gives a container no less than ${MIN_CPUS} CPUs.`,
      remedy: `Ask for ${MIN_CPUS} or more, or leave cpus out.`,
    };
  if (wish.cpus !== null && facts?.cpus != null && wish.cpus > facts.cpus)
    return {
      code: 'invalid_config',
      path: 'resources.cpus',
      message: `The trial asks for ${wish.cpus} CPUs, but this machine has ${facts.cpus}.`,
      remedy: `Ask for ${facts.cpus} or fewer, or leave cpus out for no limit.`,
    };
  if (wish.slots > 0 && facts?.product === 'podman') return { ...PODMAN_HAS_NO_GPUS, path: 'resources.slots' };
  return null;
}

/** It would start the container without any GPU and say nothing. */
export const PODMAN_HAS_NO_GPUS = {
  code: 'runtime_unavailable',
  message: "Podman's Docker-compatible socket ignores requests for GPUs.",
  remedy: 'Install Docker Engine for trials with GPUs, or run them as plain processes (runtime: process).',
} as const;
