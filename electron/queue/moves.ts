/** Moves in the line of a pool: finds the gap in the database, lets rank.ts decide, writes one row a trial moved. */
import type { Database } from 'better-sqlite3';
import { SwitchyardError } from '../contract/errors.ts';
import { compareInLine } from '../contract/queue-order.ts';
import type { MoveTo } from '../contract/trials.ts';
import { adjacentRank, endOfLine, getTrialRow, neighbourInLine, readLine, type TrialRow } from '../store/trials.ts';
import { placeInGap, type Gap, type Placed } from './rank.ts';

/**
 * Works out where `trials` (queued or paused, all of one pool) would stand. Writes nothing.
 * @throws SwitchyardError invalid_place when the anchor is not in the same line or moves itself
 */
export function resolveMove(db: Database, trials: readonly TrialRow[], to: MoveTo): Placed[] {
  const first = trials[0];
  if (first === undefined) return [];
  const poolId = first.poolId;
  const except = new Set(trials.map((trial) => trial.id));
  const moving = trials.map(({ id, priority, rank }) => ({ id, priority, rank })).toSorted(compareInLine);
  const gap = findGap(db, poolId, to, except);
  return placeInGap(moving, {
    ...gap,
    aboveAhead: gap.ahead === null ? null : adjacentRank(db, poolId, gap.ahead.rank, 'above'),
    belowBehind: gap.behind === null ? null : adjacentRank(db, poolId, gap.behind.rank, 'below'),
  });
}

function findGap(db: Database, poolId: string, to: MoveTo, except: ReadonlySet<number>): Pick<Gap, 'ahead' | 'behind'> {
  switch (to.place) {
    case 'top':
      return { ahead: null, behind: endOfLine(db, poolId, 'first', except) };
    case 'bottom':
      return { ahead: endOfLine(db, poolId, 'last', except), behind: null };
    case 'index': {
      // The index counts the line as it will be: without the trials that move.
      const places = readLine(db, poolId, 0, to.index + except.size + 1).filter((place) => !except.has(place.id));
      return {
        ahead: places[to.index - 1] ?? (to.index === 0 ? null : (places.at(-1) ?? null)),
        behind: places[to.index] ?? null,
      };
    }
    case 'ahead':
    case 'behind': {
      if (except.has(to.anchorId))
        throw new SwitchyardError('invalid_place', `Trial #${to.anchorId} cannot be moved ${to.place} of itself.`);
      const anchor = getTrialRow(db, to.anchorId);
      if (anchor === null)
        throw new SwitchyardError('not_found', `There is no trial #${to.anchorId} to move next to.`, {
          remedy: 'List the trials with: switchyard ls',
        });
      if (anchor.poolId !== poolId) {
        throw new SwitchyardError(
          'invalid_place',
          `Trial #${anchor.id} is in pool ${anchor.poolId}, not in ${poolId}.`,
          { remedy: `Move the trial to pool ${anchor.poolId} first.` },
        );
      }
      if (anchor.state !== 'queued' && anchor.state !== 'paused') {
        throw new SwitchyardError(
          'invalid_place',
          `Trial #${anchor.id} is ${anchor.state}, so it has no place in the line.`,
          { remedy: 'Name a queued or paused trial.' },
        );
      }
      const other = neighbourInLine(db, poolId, anchor, to.place, except);
      return to.place === 'ahead' ? { ahead: other, behind: anchor } : { ahead: anchor, behind: other };
    }
  }
}
