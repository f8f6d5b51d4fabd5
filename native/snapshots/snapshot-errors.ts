/** What can be wrong with a snapshot, as errors for people. */
import { SwitchyardError } from '../../electron/contract/errors.ts';
import { sayBytes } from '../../electron/text/say.ts';

const name = (id: string): string => `The snapshot ${id.slice(0, 12)}`;

/** For anything that is not the id of a snapshot, so that none leads elsewhere. */
export const notAnId = (): SwitchyardError =>
  new SwitchyardError('snapshot_missing', 'That is not the id of a snapshot.');

export const missing = (id: string): SwitchyardError =>
  new SwitchyardError(
    'snapshot_missing',
    `${name(id)} is gone from the data directory, so the trial has no code to run.`,
    {
      remedy: 'Submit the directory again.',
    },
  );

/** @param why what was found, as the end of a sentence */
export const damaged = (id: string, why: string): SwitchyardError =>
  new SwitchyardError('snapshot_damaged', `${name(id)} is damaged: ${why}. Nothing was run with it.`, {
    remedy: 'Submit the directory again. A power cut or a failing disk does this; check the disk.',
  });

export function grewTooLarge(sourceDir: string, bytes: number, limitBytes: number): SwitchyardError {
  return new SwitchyardError(
    'snapshot_too_large',
    `${sourceDir} grew to ${sayBytes(bytes)} while it was copied; the limit for a snapshot is ${sayBytes(limitBytes)}.`,
    { path: 'source.path', remedy: 'Stop what writes into it, or list that in .switchyardignore.' },
  );
}
