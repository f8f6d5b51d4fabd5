/** Why no window can be opened here. Pure. */

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** null where there are none (Windows). */
  readonly uid: number | null;
  readonly args: readonly string[];
}

/** Asks for a window without Chromium's sandbox: root has no other, and whoever types it has chosen. */
export const NO_SANDBOX_FLAG = '--no-sandbox';

/** @returns the reason in a few words, or null when nothing speaks against a window */
export function findWindowObstacle({ platform, env, uid, args }: Surroundings): string | null {
  if (platform !== 'linux') return null;
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '';
  if (!isSet('DISPLAY') && !isSet('WAYLAND_DISPLAY')) return 'No display found';
  // Chromium refuses its sandbox to root, and without being asked there is no window from us that has none.
  if (uid === 0 && !args.includes(NO_SANDBOX_FLAG))
    return `A window does not open for root (\`npm start -- ${NO_SANDBOX_FLAG}\` opens one whose page is not locked up)`;
  return null;
}
