/** The quiet line at the bottom: who serves this window and when the queue is clear. */
import { sayDuration } from '../../electron/text/say.ts';
import { useEngine } from '../api/store.ts';
import { useNow } from '../shared/clock.ts';
import { sayUsd } from '../shared/money-text.ts';
import { goTo } from '../shared/view-state.ts';
import { formatTime, plural } from '../ui/format.ts';

export function StatusBar() {
  const engine = useEngine((state) => state.engine);
  const driver = useEngine((state) => state.gpus?.driverVersion ?? state.engine?.driverVersion ?? null);
  const clearAtMs = useEngine((state) => state.plan.clearAtMs);
  const connection = useEngine((state) => state.connection);
  const busy = useEngine((state) => state.plan.entries.length > 0);
  const now = useNow(30_000);
  if (engine === null) return <footer className="status-bar" />;
  const upMs = now - engine.startedAtMs;
  const times = Object.values(clearAtMs).filter((each) => each !== null);
  const lastMs = times.length === 0 ? null : Math.max(...times);
  return (
    <footer className="status-bar">
      <span>
        {connection === 'lost'
          ? 'Engine not reachable'
          : `Engine ${engine.version}, ${upMs < 60_000 ? 'just started' : `up ${sayDuration(upMs)}`}`}
      </span>
      <span>{engine.dockerVersion === null ? 'No Docker' : `Docker ${engine.dockerVersion}`}</span>
      {driver !== null && <span>Driver {driver}</span>}
      <span className="grow" />
      <Spending />
      {busy && lastMs !== null && lastMs > now && <span>Queue clear {formatTime(lastMs, now)}</span>}
    </footer>
  );
}

/** Money that is being spent now, in every place. */
function Spending() {
  const cloud = useEngine((state) => state.cloud);
  if (cloud === null || cloud.liveMachines === 0) return null;
  const troubled = cloud.attention > 0 ? `, ${plural(cloud.attention, 'machine')} to look at` : '';
  return (
    <button type="button" className={cloud.attention > 0 ? 'spending bad' : 'spending'} onClick={() => goTo('cloud')}>
      {plural(cloud.liveMachines, 'rented machine')}, {sayUsd(cloud.perHourUsd, cloud.perHourIsWhole)}/h{troubled}
    </button>
  );
}
