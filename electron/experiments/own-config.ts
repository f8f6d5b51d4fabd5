/** The configuration of one trial alone: of a sweep, the values it got in place of all that were tried. Pure. */
import type { ExperimentConfig } from '../contract/config.ts';
import type { TrialRow } from '../store/trials.ts';

/** @param config of its experiment. A copy made of the answer is the same trial once more. */
export function ownConfig(
  config: ExperimentConfig,
  { spec, hparams }: Pick<TrialRow, 'spec' | 'hparams'>,
): ExperimentConfig {
  if (spec.inSweep === undefined) return config;
  const { searcher: _, ...rest } = config;
  const changes = spec.params ?? [];
  let own = structuredClone(hparams) as Record<string, unknown>;
  // What stands in a file is said there, and not a second time.
  for (const { set } of changes)
    for (const one of set) {
      const path =
        one
          .replace(/^[+~]+/, '')
          .split('=', 1)[0]
          ?.split('.') ?? [];
      if (!has(config.hyperparameters, path)) own = without(own, path);
    }
  return {
    ...rest,
    hyperparameters: own,
    set_params: changes.flatMap(({ file, set }) => set.map((one) => `${file}:${one}`)),
  };
}

type Values = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);

function has(map: unknown, [key, ...rest]: readonly string[]): boolean {
  return key === undefined || (isMap(map) && Object.hasOwn(map, key) && has(map[key], rest));
}

/** Maps that become empty go too: they were made for what they held. */
function without(map: Values, [key = '', ...rest]: readonly string[]): Record<string, unknown> {
  const { [key]: found, ...others } = map;
  if (rest.length === 0 || !isMap(found)) return others;
  const left = without(found, rest);
  return Object.keys(left).length === 0 ? others : { ...others, [key]: left };
}
