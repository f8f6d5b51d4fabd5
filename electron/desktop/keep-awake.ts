/** Keeps the computer from sleeping while trials run (the screen may go dark). */
import { powerSaveBlocker } from 'electron';
import { isKeptAwake } from './power-policy.ts';
import type { EngineMirror } from './engine-mirror.ts';

export function keepAwakeWhileRunning(mirror: EngineMirror): void {
  let blocker: number | null = null;
  const follow = () => {
    const wanted = isKeptAwake(mirror.settings().keepAwake, mirror.counts().active);
    if (wanted && blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension');
    else if (!wanted && blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
  mirror.onChange(follow);
  follow();
}
