/** Refuses mounts that cannot work or would hand the machine to a trial. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { LaunchSpec } from '../../electron/ports/trial-runtime.ts';

const ENGINE_SOCKETS = [
  '/run/docker.sock',
  '/run/podman/podman.sock',
  '/run/containerd/containerd.sock',
  '/run/docker/containerd/containerd.sock',
] as const;

/**
 * @param engineSocket socket of the engine in use, if it has one
 * @throws LaunchError mount_failed
 */
export async function checkMounts(mounts: LaunchSpec['mounts'], engineSocket: string | null): Promise<void> {
  if (mounts.length === 0) return;
  const sockets = [
    ...ENGINE_SOCKETS,
    ...(engineSocket === null ? [] : [await realpath(engineSocket).catch(() => engineSocket)]),
  ];
  for (const mount of mounts) {
    if (!path.isAbsolute(mount.hostPath) || !path.posix.isAbsolute(mount.containerPath)) {
      throw new LaunchError(
        'mount_failed',
        `The mount ${mount.hostPath} is not an absolute path.`,
        'Give absolute paths in mounts.',
      );
    }
    const target = await realpath(mount.hostPath).catch(() => null);
    if (target === null) {
      throw new LaunchError(
        'mount_failed',
        `The directory ${mount.hostPath} does not exist on this machine, so it cannot be mounted.`,
        'Create it, or correct the path in mounts.',
      );
    }
    // A directory that holds the socket hands it out as well, also read-only.
    if (sockets.some((socket) => socket === target || socket.startsWith(target === '/' ? '/' : `${target}/`))) {
      throw new LaunchError(
        'mount_failed',
        `${mount.hostPath} would give the trial control over the container engine, and with it over this machine.`,
        'Mount the directory with the data instead.',
      );
    }
  }
}
