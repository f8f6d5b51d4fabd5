/** Finds one trial by its number or its name, for verbs that only look. */
import type { Trial } from '../contract/trials.ts';
import { readTrialId } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { plain } from './table.ts';
import { looksLikeTrialId } from './trial-ids.ts';

const LOOKED_AT = 200;
const SHOWN = 8;

/**
 * @param word a number, or a name as a whole or in part; undefined reads a number from the pipe
 * @throws CliError when no trial or more than one has this name
 */
export async function findTrialId(word: string | undefined, context: CommandContext): Promise<number> {
  if (word === undefined || word === '-' || looksLikeTrialId(word) || word.trim() === '')
    return readTrialId(word, context);
  const client = await context.connect();
  const { trials } = await client.request<{ trials: Trial[] }>('GET', '/trials', undefined, {
    search: searchForName(word),
    archived: 'all',
    limit: LOOKED_AT,
  });
  const lower = word.toLowerCase();
  const named = trials.filter((trial) => trial.name.toLowerCase().includes(lower));
  const exact = named.filter((trial) => trial.name === word);
  const found = exact.length > 0 ? exact : named;
  const [first] = found;
  if (first === undefined)
    throw new CliError(ExitCode.notFound, `No trial is called "${word}".`, 'List them: switchyard ls --all');
  if (found.length > 1) {
    const list = found
      .slice(0, SHOWN)
      .map((trial) => `#${trial.id} ${plain(trial.name)}`)
      .join(', ');
    throw new CliError(
      ExitCode.usage,
      `${found.length} trials are called "${word}": ${list}${found.length > SHOWN ? ', …' : ''}.`,
      'Write the number of one.',
    );
  }
  return first.id;
}

/** In quotes: a name may look like anything. */
function searchForName(name: string): string {
  return name
    .slice(0, 200)
    .split('"')
    .filter((part) => part !== '')
    .map((part) => `name:"${part}"`)
    .join(' ');
}
