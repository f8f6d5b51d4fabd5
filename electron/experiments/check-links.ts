/** What the links of a trial lead to, looked at when it is submitted: it must be there, and never be what Switchyard keeps for itself. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { SwitchyardError } from '../contract/errors.ts';
import type { RuntimeKind } from '../contract/states.ts';
import type { TrialLink } from '../store/trial-spec.ts';

/**
 * @param privateDirs the data directory and that of the socket
 * @returns what to tell the user
 * @throws SwitchyardError invalid_config, mount_refused
 */
export async function checkLinks(
  links: readonly TrialLink[],
  privateDirs: readonly string[],
  runtime: RuntimeKind,
): Promise<string[]> {
  if (links.length === 0) return [];
  const ours = await Promise.all(privateDirs.map((dir) => realpath(dir).catch(() => path.resolve(dir))));
  for (const { hostPath } of links) {
    const real = await realpath(hostPath).catch(() => null);
    const found = real === null ? null : await stat(real).catch(() => null);
    if (real === null || found === null)
      throw new SwitchyardError(
        'invalid_config',
        `There is no ${hostPath} on this machine, so it cannot be shown to the trial.`,
        {
          path: 'links',
          remedy: 'Correct the path in links (--link); it is relative to the submitted directory, or absolute.',
        },
      );
    if (!found.isFile() && !found.isDirectory())
      throw new SwitchyardError('invalid_config', `${hostPath} is neither a file nor a directory.`, {
        path: 'links',
        remedy: 'Link a directory or a file with data.',
      });
    const clash = ours.find((dir) => isWithin(real, dir) || isWithin(dir, real));
    if (clash !== undefined)
      throw new SwitchyardError(
        'mount_refused',
        `${hostPath} ${real === clash ? 'is' : isWithin(real, clash) ? 'lies in' : 'holds'} Switchyard's own directory ${clash}, which no trial is shown.`,
        { path: 'links', remedy: 'Link the directory with the data itself.' },
      );
  }
  const writable = links.filter((link) => !link.readOnly);
  return [
    `Not copied but shown: ${links.map(({ at, hostPath }) => (hostPath.endsWith(`/${at}`) ? hostPath : `${hostPath} as ${at}`)).join(', ')}. ` +
      'The trial sees what is there when it runs' +
      (writable.length > 0 ? `, and may write to ${writable.map(({ at }) => at).join(', ')}` : '') +
      (runtime === 'process' && writable.length < links.length
        ? `. Without a container nothing keeps a program from writing to ${writable.length > 0 ? 'the rest either' : 'it'}.`
        : '.'),
  ];
}

const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
