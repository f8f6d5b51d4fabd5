/** Why no window can be opened here. Pure. */

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** null where there are none (Windows). */
  readonly uid: number | null;
}

/** @returns the reason in a few words, or null when nothing speaks against a window */
export function findWindowObstacle({ platform, env, uid }: Surroundings): string | null {
  if (platform !== 'linux') return null;
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '';
  if (!isSet('DISPLAY') && !isSet('WAYLAND_DISPLAY')) return 'No display found';
  // Chromium refuses its sandbox to root, and without the sandbox there is no window from us.
  if (uid === 0) return 'A window does not open for root';
  return null;
}
