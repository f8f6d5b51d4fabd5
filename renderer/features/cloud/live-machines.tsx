/** Machines that are not verified gone: what each costs, when it ends itself, and what stands in its way. */
import { Fragment } from 'react';
import type { CloudMachine } from '../../../electron/contract/cloud.ts';
import { useNow } from '../../shared/clock.ts';
import { CopyText } from '../../shared/copy-text.tsx';
import { formatTime, plural } from '../../ui/format.ts';
import { sayUsd } from '../../shared/money-text.ts';
import { TrialLink } from './trial-link.tsx';
import { PhaseTag } from './phase-tag.tsx';

export function LiveMachines({ machines }: { readonly machines: readonly CloudMachine[] }) {
  const now = useNow(10_000);
  const live = machines.filter(({ phase }) => phase !== 'gone');
  if (live.length === 0) return null;
  return (
    <section className="cloud-box" aria-label="Live machines">
      <h2>
        Live machines <small>each ends itself at its time, without this app and without your keys</small>
      </h2>
      <div className="cloud-scroll">
        <table className="cloud-table">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Trial</th>
              <th scope="col">Machine</th>
              <th scope="col">Where</th>
              <th scope="col" className="figure">
                Per hour
              </th>
              <th scope="col" className="figure">
                So far
              </th>
              <th scope="col">Ends itself</th>
            </tr>
          </thead>
          <tbody>
            {live.map((machine) => (
              <Fragment key={machine.attemptId}>
                <tr>
                  <td>
                    <PhaseTag machine={machine} />
                  </td>
                  <td>
                    <TrialLink trialId={machine.trialId} />
                  </td>
                  <td className="mono">{machine.ref ?? 'none yet'}</td>
                  <td>
                    {machine.machineType ?? '–'} {machine.region ?? ''}
                    {machine.spot && ', spot'}
                  </td>
                  <td className={machine.perHourUsd === null ? 'figure unknown' : 'figure'}>
                    {sayUsd(machine.perHourUsd)}
                  </td>
                  <td className={machine.costUsd === null ? 'figure unknown' : 'figure'}>{sayUsd(machine.costUsd)}</td>
                  <td>{machine.endsItselfAtMs === null ? '–' : formatTime(machine.endsItselfAtMs, now)}</td>
                </tr>
                {(machine.attention !== null || machine.endWanted !== null) && (
                  <tr className={machine.attention === null ? '' : 'attention'}>
                    <td colSpan={7}>
                      {machine.endWanted !== null && <span>It is to end: {machine.endWanted}. </span>}
                      {machine.attention !== null && (
                        <span>
                          {machine.attention.text} {machine.attention.remedy} It counts as running until it is seen to
                          be gone, and is tried again by itself.
                        </span>
                      )}
                      {machine.byHand !== null && (
                        <CopyText text={machine.byHand} what={`command that ends ${machine.ref ?? 'it'} by hand`} />
                      )}
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      <p className="dim">{plural(live.length, 'machine')}</p>
    </section>
  );
}
