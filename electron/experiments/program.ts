/** The program a trial names, judged at submit: a missing one is told now and not when the trial's turn comes. Pure. */
import { SwitchyardError } from '../contract/errors.ts';
import type { RuntimeKind } from '../contract/states.ts';
import type { FoundProgram } from '../ports/trial-runtime.ts';
import { readCommandWords } from './config/parse-command.ts';

/**
 * @param entrypoint as configured: a line for the shell, or an argument vector
 * @param env the trial's own variables
 * @param find null = cannot be told
 * @returns what to tell the user: which program it is
 * @throws SwitchyardError command_missing
 */
export function noteProgram(
  entrypoint: string | readonly string[],
  runtime: RuntimeKind,
  env: Readonly<Record<string, string>>,
  find: (name: string, env: Readonly<Record<string, string>>) => FoundProgram | null,
): string[] {
  // Of a line for the shell, where it can be told; a path may lead into the snapshot.
  const name = readCommandWords(entrypoint)[0] ?? '';
  if (runtime !== 'process' || name.includes('/') || name.trim() === '') return [];
  const found = find(name, env);
  if (found === null) return [];
  if (found.path !== null) return [`Uses ${found.path}.`];
  throw new SwitchyardError(
    'command_missing',
    `There is no program "${name}" on the PATH${env['PATH'] === undefined ? ' of the engine' : ''}.`,
    { path: 'entrypoint', remedy: remedyFor(name, found, env) },
  );
}

function remedyFor(
  name: string,
  found: { readonly nearby: string | null; readonly searched: string },
  env: Readonly<Record<string, string>>,
): string {
  if (/[.]py$/.test(name)) return `Name its interpreter: python3 ${name}`;
  if (found.nearby !== null)
    return `${found.nearby} is there: write ${found.nearby} instead of ${name}, or activate the environment that has ${name} and submit again.`;
  if (/[.]sh$/.test(name)) return `Name its interpreter: sh ${name}`;
  return env['PATH'] === undefined
    ? `Give its full path, or set PATH in environment_variables. The engine looks in ${found.searched}`
    : 'Install it, activate the environment that has it, or give its full path. A program in the submitted directory is ./NAME.';
}
