/** Machines that were looked up and are gone, newest first. */
import type { CloudMachine } from '../../../electron/contract/cloud.ts';
import { useNow } from '../../shared/clock.ts';
import { formatTime } from '../../ui/format.ts';
import { sayUsd } from '../../shared/money-text.ts';
import { TrialLink } from './trial-link.tsx';

const SHOWN = 50;

export function EndedMachines({ machines }: { readonly machines: readonly CloudMachine[] }) {
  const now = useNow(60_000);
  const gone = machines
    .filter(({ phase }) => phase === 'gone')
    .toSorted((a, b) => (b.goneAtMs ?? 0) - (a.goneAtMs ?? 0));
  if (gone.length === 0) return null;
  return (
    <section className="cloud-box" aria-label="Ended machines">
      <h2>
        Ended machines <small>{gone.length}, all verified gone</small>
      </h2>
      <div className="cloud-scroll">
        <table className="cloud-table">
          <thead>
            <tr>
              <th scope="col">Trial</th>
              <th scope="col">Machine</th>
              <th scope="col">Where</th>
              <th scope="col" className="figure">
                Cost
              </th>
              <th scope="col">How it ended</th>
              <th scope="col">Verified gone</th>
            </tr>
          </thead>
          <tbody>
            {gone.slice(0, SHOWN).map((machine) => (
              <tr key={machine.attemptId}>
                <td>
                  <TrialLink trialId={machine.trialId} />
                </td>
                <td className="mono">{machine.ref ?? 'never made'}</td>
                <td>
                  {machine.machineType ?? '–'} {machine.region ?? ''}
                </td>
                <td className={machine.costUsd === null ? 'figure unknown' : 'figure'}>{sayUsd(machine.costUsd)}</td>
                <td>{machine.preempted ? 'taken away (spot)' : (machine.endWanted ?? 'by itself')}</td>
                <td>{machine.goneAtMs === null ? '–' : formatTime(machine.goneAtMs, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
