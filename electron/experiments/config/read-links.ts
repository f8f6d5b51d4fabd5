/** From the links of a configuration to what of the original is shown where in the working copy. Pure. */
import path from 'node:path';
import { SwitchyardError } from '../../contract/errors.ts';
import type { TrialLink } from '../../store/trial-spec.ts';

/**
 * @param texts "PATH", "PATH:ro" or "PATH:rw"; relative to the submitted directory, or absolute
 * @param sourceDir absolute; null = nothing was submitted
 * @param inPlace the trial works in that directory itself, so all of it is there
 * @returns a path inside of the directory is shown at its own place, another under its last name
 * @throws SwitchyardError invalid_config
 */
export function readLinks(texts: readonly string[], sourceDir: string | null, inPlace: boolean): readonly TrialLink[] {
  const links: TrialLink[] = [];
  for (const [index, text] of texts.entries()) {
    const [, written = '', mode] = /^(.*?)(?::(ro|rw))?$/s.exec(text) ?? [];
    const refuse = (what: string, remedy: string): SwitchyardError =>
      new SwitchyardError('invalid_config', `links: ${JSON.stringify(written.slice(0, 200))} ${what}`, {
        path: `links.${index}`,
        remedy,
      });
    if (written.includes('\0')) throw refuse('contains a NUL character.', 'Name a file or a directory.');
    if (!path.isAbsolute(written) && sourceDir === null)
      throw refuse('is relative, but no directory was submitted.', 'Give its absolute path.');
    const hostPath = path.resolve(sourceDir ?? '/', written);
    const within = sourceDir === null ? '..' : path.relative(sourceDir, hostPath);
    if (within === '')
      throw refuse(
        'is the submitted directory itself.',
        'To run in the directory itself, without a copy, use --in-place.',
      );
    const isWithin = within !== '..' && !within.startsWith('../');
    if (!isWithin && !path.isAbsolute(written))
      throw refuse('leads out of the submitted directory.', `Give its absolute path: ${hostPath}`);
    if (inPlace && isWithin) continue;
    if (inPlace)
      throw refuse(
        'cannot be shown: the trial runs in your directory itself, where nothing is added.',
        'Name it in the command by its absolute path, or submit without --in-place.',
      );
    const at = isWithin ? within : path.basename(hostPath);
    if (at === '') throw refuse('is the whole file system.', 'Name the directory with the data.');
    const other = links.find((one) => `${one.at}/`.startsWith(`${at}/`) || `${at}/`.startsWith(`${one.at}/`));
    if (other !== undefined)
      throw refuse(
        `would be shown at ${at} in the working copy, where ${other.hostPath} is.`,
        'Leave one of the two out, or name the directory that holds both.',
      );
    links.push({ hostPath, at, readOnly: mode !== 'rw' });
  }
  return links;
}
