/** Which parameters tell the trials of a list apart: those stand first, where a narrow column does not cut them off. Pure. */
import type { Trial } from '../../electron/contract/trials.ts';
import { formatParams } from '../ui/format.ts';

type Hparams = Trial['hparams'];

/** Trials with the same names of parameters are of one family: runs of a sweep, most often. */
const familyOf = (hparams: Hparams): string => Object.keys(hparams).join('\n');

const isSame = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));

/** @returns family -> the names whose values differ within it, in their own order */
function findTelling(trials: Iterable<Pick<Trial, 'hparams'>>): ReadonlyMap<string, ReadonlySet<string>> {
  const firsts = new Map<string, { readonly first: Hparams; readonly telling: Set<string> }>();
  for (const { hparams } of trials) {
    const family = familyOf(hparams);
    const known = firsts.get(family);
    if (known === undefined) {
      firsts.set(family, { first: hparams, telling: new Set() });
      continue;
    }
    for (const [name, value] of Object.entries(hparams))
      if (!known.telling.has(name) && !isSame(value, known.first[name])) known.telling.add(name);
  }
  return new Map([...firsts].map(([family, { telling }]) => [family, telling]));
}

/**
 * @param trials the list; looked through once, when the first text is asked for
 * @returns what makes the text of one trial's parameters: "seed=2 lr=0.1" in a list where only the seeds differ
 */
export function createParamText(trials: Iterable<Pick<Trial, 'hparams'>>): (trial: Pick<Trial, 'hparams'>) => string {
  let families: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  return ({ hparams }) => {
    families ??= findTelling(trials);
    const telling = families.get(familyOf(hparams));
    const entries = Object.entries(hparams);
    if (telling === undefined || telling.size === 0 || telling.size === entries.length) return formatParams(hparams);
    const isTelling = ([name]: [string, unknown]): boolean => telling.has(name);
    const sorted = [...entries.filter(isTelling), ...entries.filter((entry) => !isTelling(entry))];
    return formatParams(Object.fromEntries(sorted));
  };
}
