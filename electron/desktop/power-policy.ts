/** When the computer is kept from sleeping. Pure. */

/** @param active trials that are starting, running or stopping. A frozen one counts: sleep can lose the GPU memory it holds. */
export function isKeptAwake(keepAwake: boolean, active: number): boolean {
  return keepAwake && active > 0;
}
