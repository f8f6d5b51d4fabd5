/** What a sweep or search will make, in sentences for the form and the command line. Pure. */
import type { SearchPreview } from '../contract/experiments.ts';
import { sayDuration } from './say.ts';

/** @returns how many trials, how long they run, in how many GPU hours, and when they would end; what is not known is left out */
export function sayPreview({ trials, rungs, timeMetric, trialMs, gpuHours, endsInMs }: SearchPreview): string[] {
  const said = [`${trials.toLocaleString('en-US')} ${trials === 1 ? 'trial' : 'trials'}`];
  if (rungs !== null) {
    const ends = rungs.map(({ units, trials: count }) => `${count} after ${units.toLocaleString('en-US')}`);
    said.push(
      `Where each rung keeps only as many as it must, they end ${ends.join(', ')} ${timeMetric ?? ''}`.trimEnd(),
    );
  }
  if (trialMs !== null) said.push(`One whole trial takes about ${sayDuration(trialMs)}`);
  if (gpuHours !== null) {
    const [least, most] = [sayHours(gpuHours.least), sayHours(gpuHours.most)];
    said.push(least === most ? `${most} GPU hours` : `${least} to ${most} GPU hours`);
  }
  if (endsInMs !== null) said.push(`With its pool to itself it ends about ${sayDuration(endsInMs)} after it starts`);
  return said;
}

const sayHours = (hours: number): string =>
  hours >= 10 ? String(Math.round(hours)) : String(Number(hours.toPrecision(2)));
