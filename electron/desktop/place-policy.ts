/** Which directories of a trial the page can have shown in the file manager. Pure. */
import type { TrialDetail } from '../contract/trials.ts';

const PLACES = ['workDir', 'outputDir', 'checkpointDir'] as const;

/**
 * @param place one of PLACES, or the id of a checkpoint, as the page says it
 * @returns the path as the engine has it; null when there is none
 */
export function placeOf(
  detail: Pick<TrialDetail, (typeof PLACES)[number] | 'checkpoints'>,
  place: unknown,
): string | null {
  if (typeof place === 'number') return detail.checkpoints.find(({ id }) => id === place)?.path ?? null;
  const name = PLACES.find((one) => one === place);
  return name === undefined ? null : detail[name];
}
