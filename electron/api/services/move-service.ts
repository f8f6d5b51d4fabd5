/** What a move of trials to each pool would bring, cost and meet. */
import { findMachineType, quoteFromCatalogue, resolveMachineType, resolveRegion } from '../../cloud/catalogue.ts';
import { monthStartMs, refuseStart, sumUsd } from '../../cloud/money.ts';
import type { Cloud } from '../../cloud/open-cloud.ts';
import { budgetHindrances, costOfMove, hindrancesOf, type MovePlace, type MovingTrial } from '../../cloud/plan-move.ts';
import type { MoveCost, MoveHindrance, MoveOption, MovePlan } from '../../contract/move-plan.ts';
import type { Pool } from '../../contract/pools.ts';
import type { AwsTarget } from '../../contract/targets.ts';
import type { PlanViews } from '../../scheduler/plan-view.ts';
import type { Store } from '../../store/database.ts';
import { getExperiment } from '../../store/experiments.ts';
import { listPools } from '../../store/pools.ts';
import type { TrialRow } from '../../store/trials.ts';
import { previewMove } from '../../trials/preview-move.ts';
import { requireTrial } from '../../trials/require-trial.ts';

export interface MoveService {
  /** One option for each pool, in the order of the pools. @throws SwitchyardError not_found */
  planMove(trialIds: readonly number[]): MovePlan;
}

export interface MoveServiceDeps {
  readonly store: Store;
  readonly cloud: Pick<Cloud, 'catalogue' | 'journeys'>;
  readonly nowMs: () => number;
  /** null = they could not be read. */
  readonly slotsOfPool: (poolId: string) => NonNullable<MovePlace['gpus']> | null;
  readonly forecast: PlanViews['preview'];
}

/** Beyond this the forecast says nothing of a trial anyway. */
const MOST_FORECAST = 300;

export function createMoveService(deps: MoveServiceDeps): MoveService {
  const { store, nowMs } = deps;
  const { catalogue, journeys } = deps.cloud;

  function gpusOf(pool: Pool): MovePlace['gpus'] {
    if (pool.target?.provider !== 'aws') return deps.slotsOfPool(pool.id);
    const row = findMachineType(catalogue, resolveMachineType(catalogue, pool.target.machineType));
    if (row === null) return null;
    const { gpu } = row;
    return gpu === null ? [] : Array.from({ length: gpu.count }, () => ({ name: gpu.name, totalMiB: gpu.memoryMiB }));
  }

  function price(
    trials: readonly MovingTrial[],
    poolId: string,
    target: AwsTarget,
  ): { readonly cost: MoveCost; readonly hindrances: readonly MoveHindrance[] } {
    const machineType = resolveMachineType(catalogue, target.machineType);
    const quotes = target.regions.map((name) => {
      const choice = { machineType, region: resolveRegion(catalogue, name) };
      const quote = (spot: boolean) => quoteFromCatalogue(catalogue, { ...choice, spot }, target.diskGiB);
      return { asked: quote(target.spot), onDemand: quote(false) };
    });
    const cost = costOfMove(trials, target, quotes);
    const ofPool = journeys.since(monthStartMs(nowMs())).filter((one) => one.poolId === poolId);
    const first = quotes[0];
    const refusals =
      first === undefined
        ? []
        : trials.map(({ id }) =>
            refuseStart(target, { ofTrial: journeys.ofTrial(id), ofPool }, first.asked, cost.hours, nowMs()),
          );
    const spent = sumUsd(ofPool, nowMs(), monthStartMs(nowMs())).usd;
    return { cost, hindrances: budgetHindrances(trials, target, cost, spent, refusals) };
  }

  function optionOf(pool: Pool, rows: readonly TrialRow[]): MoveOption {
    const moving = rows.filter(({ poolId }) => poolId !== pool.id);
    const facts = moving.map((row) => factsOf(store, row));
    const ids = rows.slice(0, MOST_FORECAST).map(({ id }) => id);
    const movingIds = moving.slice(0, MOST_FORECAST).map(({ id }) => id);
    const forecast =
      movingIds.length === 0
        ? previewMove(store, deps.forecast, ids, { place: 'bottom' }).before
        : previewMove(store, deps.forecast, movingIds, { place: 'bottom' }, pool.id).after;
    const starts = forecast.flatMap(({ startAtMs }) => startAtMs ?? []);
    const ends = forecast.map(({ endAtMs }) => endAtMs);
    const isWhole = forecast.length === rows.length && ends.every((end) => end !== null);
    const priced =
      pool.target?.provider === 'aws' && moving.length > 0 ? price(facts, pool.id, pool.target) : undefined;
    return {
      poolId: pool.id,
      trialIds: moving.map(({ id }) => id),
      startAtMs: starts.length === 0 ? null : Math.min(...starts),
      endAtMs: isWhole ? Math.max(...ends.filter((end) => end !== null)) : null,
      cost: priced?.cost ?? null,
      hindrances: [
        ...hindrancesOf(facts, { name: pool.name, target: pool.target, state: pool.state, gpus: gpusOf(pool) }),
        ...(priced?.hindrances ?? []),
      ],
    };
  }

  return {
    planMove(trialIds) {
      const rows = [...new Set(trialIds)].map((id) => requireTrial(store.db, id));
      return { options: listPools(store.db).map((pool) => optionOf(pool, rows)) };
    },
  };
}

function factsOf(store: Store, { id, spec, experimentId }: TrialRow): MovingTrial {
  const { slots, gpuName, minFreeMiB, shareMiB } = spec.ask;
  return {
    id,
    slots,
    gpuName,
    minFreeMiB: shareMiB === null ? minFreeMiB : Math.max(shareMiB, minFreeMiB ?? 0),
    inPlace: getExperiment(store.db, experimentId)?.inPlace ?? false,
    mounts: spec.mounts.map(({ hostPath }) => hostPath),
    canRestart: spec.maxRestarts > 0,
  };
}
