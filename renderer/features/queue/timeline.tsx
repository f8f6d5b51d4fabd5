/** The forecast of one pool: a lane per slot, bars for what runs and what comes, a line for now. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useEffect, useMemo } from 'react';
import { sayDuration } from '../../../electron/text/say.ts';
import type { ForecastEntry } from '../../../electron/contract/feed.ts';
import type { SlotView } from '../../../electron/contract/gpus.ts';
import type { Pool } from '../../../electron/contract/pools.ts';
import type { Trial } from '../../../electron/contract/trials.ts';
import { engineNow, useEngine } from '../../api/store.ts';
import { useNow } from '../../shared/clock.ts';
import { formatTime } from '../../ui/format.ts';
import { inspect, toggleCollapsed, useView } from '../../shared/view-state.ts';
import { buildLanes, chooseHorizon, ticksOf } from './timeline-model.ts';
import type { Bar } from './timeline-model.ts';

/** Pool -> lanes of trials without a GPU that were drawn: they stay, so that what is below does not jump as such trials come and go. */
const mostCpuLanes = new Map<string, number>();

export function Timeline({ pool }: { readonly pool: Pool }) {
  const folded = useView((state) => state.collapsed.has('timeline'));
  const plan = useEngine((state) => state.plan);
  const table = useEngine((state) => state.trials);
  const slots = useEngine((state) => state.gpus?.slots);
  const now = useNow(30_000);
  const mine = useMemo(
    () => [
      ...runningEntries(table.byId, plan.forecast, pool.id),
      ...plan.entries.filter((entry) => entry.poolId === pool.id),
    ],
    [plan, table, pool.id],
  );
  const leastCpuLanes = mostCpuLanes.get(pool.id) ?? 0;
  const view = useMemo(
    () => draw(mine, slots ?? [], pool, table.byId, now, leastCpuLanes),
    [mine, slots, pool, table, now, leastCpuLanes],
  );
  useEffect(() => {
    if (mine.length === 0) return;
    mostCpuLanes.set(pool.id, view.lanes.filter((lane) => lane.key.startsWith('cpu')).length);
  }, [pool.id, view, mine]);
  // Once drawn it stays, empty if need be.
  if (mine.length === 0 && !mostCpuLanes.has(pool.id)) return null;
  const Chevron = folded ? IconChevronRight : IconChevronDown;
  return (
    <section className={`timeline${folded ? ' folded' : ''}`} aria-label="Forecast">
      <div className="timeline-axis">
        <button
          type="button"
          className="section-fold"
          aria-expanded={!folded}
          onClick={() => toggleCollapsed('timeline')}
        >
          Forecast <Chevron size={12} aria-hidden="true" className="chevron" />
        </button>
        {!folded && (
          <div className="ticks" aria-hidden="true">
            {view.ticks
              .filter((atMs) => view.percent(atMs) > 3 && view.percent(atMs) < 95)
              .map((atMs) => (
                <span key={atMs} style={{ left: `${view.percent(atMs)}%` }}>
                  {formatTime(atMs, now)}
                </span>
              ))}
          </div>
        )}
      </div>
      {!folded &&
        view.lanes.map((lane) => (
          <div key={lane.key} className="lane">
            <span className="lane-label">{lane.label}</span>
            <div className="track">
              {lane.bars.map((bar) => (
                <BarView key={bar.key} bar={bar} percent={view.percent} endMs={view.endMs} now={now} />
              ))}
              <i className="now-line" style={{ left: `${view.percent(now)}%` }} />
            </div>
          </div>
        ))}
    </section>
  );
}

function BarView({
  bar,
  percent,
  endMs,
  now,
}: {
  readonly bar: Bar;
  readonly percent: (atMs: number) => number;
  readonly endMs: number;
  readonly now: number;
}) {
  const left = percent(bar.startMs);
  const width = Math.max(0.4, percent(bar.endMs ?? endMs) - left);
  const style = { left: `${left}%`, width: `calc(${width}% - 2px)` };
  if (bar.trialId === null)
    return (
      <span className="bar bar-foreign" style={style} title={bar.label}>
        {bar.label}
      </span>
    );
  const { trialId } = bar;
  const spell =
    bar.endMs === null
      ? 'end unknown'
      : `${formatTime(bar.startMs, now)} to ${formatTime(bar.endMs, now)}, ${sayDuration(bar.endMs - bar.startMs)}`;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={`bar bar-${bar.kind}${bar.endMs === null ? ' bar-open' : ''}`}
      style={style}
      title={`#${trialId} ${bar.name}: ${spell}`}
      onClick={() => inspect(trialId)}
    >
      <i>{bar.label}</i>
      {bar.note !== undefined && <i>{bar.note}</i>}
    </button>
  );
}

/** What runs and is not in the plan: from when it began to when it says it will be done. */
function runningEntries(
  byId: ReadonlyMap<number, Trial>,
  planned: ReadonlyMap<number, ForecastEntry>,
  poolId: string,
): ForecastEntry[] {
  const { live } = useEngine.getState();
  const now = engineNow();
  const entries: ForecastEntry[] = [];
  for (const trial of byId.values()) {
    if (
      trial.poolId !== poolId ||
      trial.state === 'queued' ||
      trial.state === 'paused' ||
      trial.state === 'done' ||
      planned.has(trial.id)
    )
      continue;
    const remainingMs = live.get(trial.id)?.remainingMs ?? trial.remainingMs;
    entries.push({
      trialId: trial.id,
      poolId,
      startAtMs: trial.startedAtMs ?? now,
      endAtMs: remainingMs === null ? null : now + remainingMs,
      slots: trial.leaseSlots,
      basis: 'progress',
    });
  }
  return entries;
}

function draw(
  entries: readonly ForecastEntry[],
  slots: readonly SlotView[],
  pool: Pool,
  byId: ReadonlyMap<number, Trial>,
  now: number,
  leastCpuLanes: number,
) {
  const { startMs, endMs } = chooseHorizon(entries, byId, now);
  const percent = (atMs: number): number => Math.min(100, Math.max(0, ((atMs - startMs) / (endMs - startMs)) * 100));
  return {
    endMs,
    percent,
    ticks: ticksOf(startMs, endMs),
    lanes: buildLanes(entries, slots, pool, byId, startMs, endMs, now, leastCpuLanes),
  };
}
