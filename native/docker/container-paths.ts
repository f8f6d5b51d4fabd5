/** What inside a container belongs to Switchyard or to the engine, so that no mount of a user may lie there. Pure. */
import path from 'node:path';

/** The trial's working directory; mounts below it are fine. */
export const WORK_DIR = '/workspace';
/** Everything else that Switchyard shows to a trial. */
export const OWN_DIR = '/switchyard';
/** The Python helper. */
export const HELPER_DIR = `${OWN_DIR}/python`;
/** Made by the engine in every container. */
const SYSTEM_DIRS = ['/proc', '/sys', '/dev'] as const;

/** @returns why nothing may be mounted at this path of a container; null = it may */
export function refuseContainerPath(containerPath: string): string | null {
  const target = path.posix.normalize(containerPath).replace(/(?<=.)\/$/, '');
  if (!path.posix.isAbsolute(target)) return 'is not an absolute path';
  if (target === '/') return 'is the whole file system of the container';
  if (target === WORK_DIR) return "is the trial's working directory";
  if (isWithin(target, OWN_DIR)) return 'is where Switchyard puts its own files';
  return SYSTEM_DIRS.some((dir) => target === dir || (dir !== '/dev' && isWithin(target, dir)))
    ? 'belongs to the system of the container'
    : null;
}

/** @returns whether `inner` is `outer` or lies below it; both absolute and normal */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}
