/** A copy of a trial takes values for the hyperparameters that trial had: a name it did not have is most likely misspelt. */
import { suggest } from '../text/nearest.ts';
import { usageError } from './exit-codes.ts';
import { parseHyperparameter } from './values.ts';

/** For a parameter file, added or taken away: the engine judges those. */
const OTHER = /^(?:~|\+|[^=]*:)/;

/**
 * @param config of the trial that is copied, with the command it is to have
 * @param texts what `-S` was given
 * @throws CliError for a hyperparameter that it does not have, with the nearest of those it has
 */
export function checkKnownParameters(config: Readonly<Record<string, unknown>>, texts: readonly string[]): void {
  const command = [config['entrypoint']].flat().join(' ');
  for (const text of texts) {
    if (OTHER.test(text)) continue;
    const { path } = parseHyperparameter(text);
    const name = path.join('.');
    if (command.includes(`{${name}}`)) continue;
    let at: unknown = config['hyperparameters'] ?? {};
    for (const [depth, step] of path.entries()) {
      if (typeof at !== 'object' || at === null) break;
      if (!Object.hasOwn(at, step)) throw unknown(name, path.slice(0, depth), suggest(step, Object.keys(at)));
      at = (at as Readonly<Record<string, unknown>>)[step];
    }
  }
}

function unknown(name: string, above: readonly string[], near: string | null): Error {
  const meant = near === null ? '' : ` Did you mean ${[...above, near].join('.')}?`;
  return usageError(`-S ${name}: the trial has no hyperparameter of that name.${meant}`, `-S +${name}=VALUE adds it.`);
}
