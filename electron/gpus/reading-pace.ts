/** How often the machine is read. Pure. */
import type { Pace } from './gpu-monitor.ts';

/** @param hasWork a trial is queued or active  @param hasScreen somebody looks */
export function choosePace(hasWork: boolean, hasScreen: boolean): Pace {
  return hasWork ? 'fast' : hasScreen ? 'watched' : 'slow';
}
