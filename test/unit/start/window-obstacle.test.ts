/** Where no window opens. */
import { describe, expect, it } from 'vitest';
import { findWindowObstacle } from '../../../electron/start/window-obstacle.ts';

describe('why there is no window', () => {
  it('needs a display on Linux, and not root', () => {
    const on = (env: NodeJS.ProcessEnv, uid: number, args: readonly string[] = []): string | null =>
      findWindowObstacle({ platform: 'linux', env, uid, args });
    expect(on({}, 1000)).toBe('No display found');
    expect(on({ DISPLAY: ':0' }, 0)).toMatch(/root/);
    expect(on({ DISPLAY: ':0' }, 0, ['--no-sandbox'])).toBeNull();
    expect(on({ DISPLAY: ':0' }, 1000)).toBeNull();
    expect(on({ WAYLAND_DISPLAY: 'wayland-0' }, 1000)).toBeNull();
    expect(findWindowObstacle({ platform: 'darwin', env: {}, uid: 501, args: [] })).toBeNull();
  });
});
