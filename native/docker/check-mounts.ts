/**
 * Refuses mounts that cannot work or would hand the machine to a trial, and covers what must not be seen.
 *
 * Two things on a machine give away everything: the socket of the container engine, and Switchyard's own directories (the socket, through
 * which any program can be started, and the key of the stored secrets). A mount at or inside of one is refused, also a read-only one: a
 * socket can be used through it. A mount above our own directories, such as a home, shows them as an empty directory.
 */
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { LaunchMount } from '../../electron/ports/trial-runtime.ts';
import { isWithin, refuseContainerPath } from './container-paths.ts';

const ENGINE_SOCKETS = [
  '/run/docker.sock',
  '/run/podman/podman.sock',
  '/run/containerd/containerd.sock',
  '/run/docker/containerd/containerd.sock',
] as const;

export interface MountGuard {
  /** Socket of the engine in use, if it has one. */
  readonly engineSocket: string | null;
  /** Switchyard's own directories: data, and that of its socket. */
  readonly privateDirs: readonly string[];
}

export interface CheckedMounts {
  /** With every link on the host's side resolved, so that what was looked at is what is mounted. */
  readonly mounts: readonly LaunchMount[];
  /** Paths in the container to be covered by an empty directory. */
  readonly covered: readonly string[];
}

/** @throws LaunchError mount_failed */
export async function checkMounts(mounts: readonly LaunchMount[], guard: MountGuard): Promise<CheckedMounts> {
  if (mounts.length === 0) return { mounts, covered: [] };
  const sockets = [
    ...ENGINE_SOCKETS,
    ...(guard.engineSocket === null ? [] : [await realpath(guard.engineSocket).catch(() => guard.engineSocket ?? '')]),
  ];
  const privateDirs = await Promise.all(guard.privateDirs.map(resolvePrivate));
  const checked: LaunchMount[] = [];
  const covered: string[] = [];
  const targets = new Set<string>();
  for (const mount of mounts) {
    if (!path.isAbsolute(mount.hostPath)) {
      throw refuse(`The mount ${mount.hostPath} is not an absolute path.`, 'Give absolute paths in mounts.');
    }
    if (mount.role === undefined) {
      const reason = refuseContainerPath(mount.containerPath);
      if (reason !== null)
        throw refuse(
          `Nothing can be mounted at ${mount.containerPath} in the container: it ${reason}.`,
          'Choose another container_path, for example /data.',
        );
    }
    const target = path.posix.normalize(mount.containerPath).replace(/(?<=.)\/$/, '');
    if (targets.has(target))
      throw refuse(`Two mounts have the same place in the container: ${target}.`, 'Give each its own container_path.');
    targets.add(target);
    const source = await realpath(mount.hostPath).catch(() => null);
    if (source === null) {
      throw refuse(
        `The directory ${mount.hostPath} does not exist on this machine, so it cannot be mounted.`,
        'Create it, or correct the path in mounts.',
      );
    }
    // A directory that holds the socket hands it out as well, also read-only.
    if (sockets.some((socket) => isWithin(socket, source))) {
      throw refuse(
        `${mount.hostPath} would give the trial control over the container engine, and with it over this machine.`,
        'Mount the directory with the data instead.',
      );
    }
    for (const dir of mount.role === 'own' ? [] : privateDirs) {
      if (isWithin(source, dir))
        throw refuse(
          `${mount.hostPath} lies in Switchyard's own directory ${dir}: a trial that sees it could start any program on this machine and read stored secrets.`,
          'Mount the directory with the data instead; what trials need of Switchyard they get without a mount.',
        );
      if (isWithin(dir, source)) covered.push(path.posix.join(target, path.relative(source, dir)));
    }
    checked.push({ ...mount, hostPath: source, containerPath: target });
  }
  return { mounts: checked, covered: [...new Set(covered)] };
}

/** A directory that is not there yet is made: a mount above it would show it as soon as it is. */
async function resolvePrivate(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return realpath(dir);
}

function refuse(message: string, remedy: string): LaunchError {
  return new LaunchError('mount_failed', message, remedy);
}
