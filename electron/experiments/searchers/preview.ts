/** What a search will make, before it is submitted: how many trials, and how long each runs at most. Pure. */
import { bracketRungs, bracketTrials } from './adaptive-asha.ts';
import { worstCase } from './asha.ts';
import { gridAxes, gridSize } from './grid.ts';
import type { Search } from './search.ts';

export interface SearchPreview {
  readonly trials: number;
  /** Trials by the units of the time metric after which they end, when each rung keeps only as many as it must; null where nobody is stopped. */
  readonly plan: readonly { readonly units: number; readonly trials: number }[] | null;
}

/** @throws SpaceFault where the space does not fit the searcher */
export function previewSearch({ config, space }: Search): SearchPreview {
  switch (config.name) {
    case 'single':
      return { trials: 1, plan: null };
    case 'random':
      return { trials: config.maxTrials, plan: null };
    case 'grid':
      return { trials: gridSize(gridAxes(space, [])), plan: null };
    case 'async_halving':
      return {
        trials: config.maxTrials,
        plan: worstCase(config.numRungs, config.divisor, config.maxTime, config.maxTrials),
      };
    case 'adaptive_asha': {
      const rungs = bracketRungs(config);
      const trials = bracketTrials(config.maxTrials, config.divisor, rungs);
      const byUnits = new Map<number, number>();
      for (const [i, count] of rungs.entries())
        for (const { units, trials: ended } of worstCase(count, config.divisor, config.maxTime, trials[i] as number))
          byUnits.set(units, (byUnits.get(units) ?? 0) + ended);
      return {
        trials: trials.reduce((sum, count) => sum + count, 0),
        plan: [...byUnits].map(([units, ended]) => ({ units, trials: ended })).toSorted((a, b) => a.units - b.units),
      };
    }
  }
}
