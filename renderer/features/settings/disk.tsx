/** Where the bytes are: what of Switchyard takes the room on the disk, which trials take the most, and what can be given back. */
import { useCallback, useEffect, useState } from 'react';
import type { DiskUse, OwnWork } from '../../../electron/contract/disk.ts';
import { DISK_KIND_TEXT } from '../../../electron/text/disk-text.ts';
import { sayBytes } from '../../../electron/text/say.ts';
import { api } from '../../api/client.ts';
import { useEngine } from '../../api/store.ts';
import { attempt, toastDone } from '../../shared/toasts.tsx';
import { useProblem } from '../../shared/use-problem.ts';
import { toApiError } from '../../api/problem.ts';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';
import { Meter } from '../../ui/pieces.tsx';

const LARGEST = 5;
const NAMED = 5;

export function Disk() {
  const [use, setUse] = useState<DiskUse | null>(null);
  const [problem, setProblem] = useProblem();
  const [busy, setBusy] = useState<'measuring' | 'freeing' | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  const measure = useCallback(async (): Promise<void> => {
    setBusy('measuring');
    setProblem(null);
    try {
      setUse(await api.disk());
    } catch (error) {
      setProblem(toApiError(error));
    }
    setBusy(null);
  }, [setProblem]);
  useEffect(() => {
    if (connected) void measure();
  }, [connected, measure]);
  const free = async (): Promise<void> => {
    setBusy('freeing');
    await attempt(async () => {
      const freed = await api.freeWork();
      toastDone(
        freed.freedTrials === 0
          ? 'Nothing to give back: the working copies that are left hold files of their own'
          : `${sayBytes(freed.freedBytes)} given back by ${plural(freed.freedTrials, 'trial')}`,
      );
    });
    await measure();
  };
  return (
    <section className="settings-group" aria-label="Disk">
      <h2>Disk</h2>
      <div className="disk">
        <div className="disk-head">
          <span>{use === null ? 'Looking at what takes the room…' : describeTotal(use)}</span>
          <Button size="small" disabled={busy !== null} onClick={() => void measure()}>
            {busy === 'measuring' ? 'Measuring…' : 'Measure again'}
          </Button>
        </div>
        {problem !== null && (
          <p className="inline-error" role="alert">
            {problem.message} {problem.remedy}
          </p>
        )}
        {use !== null && (
          <>
            <Kinds use={use} />
            {use.endedWork.bytes > 0 && (
              <div className="disk-head">
                <span>
                  Working copies of {plural(use.endedWork.trials, 'ended trial')} take {sayBytes(use.endedWork.bytes)}.{' '}
                  <span className="dim">
                    Those that hold nothing but their snapshot can go: a retry makes them anew.
                  </span>
                </span>
                <Button size="small" disabled={busy !== null} onClick={() => void free()}>
                  {busy === 'freeing' ? 'Giving back…' : 'Give back'}
                </Button>
              </div>
            )}
            {use.ownWork.length > 0 && <Kept kept={use.ownWork} />}
            {use.largest.length > 0 && <Largest use={use} />}
          </>
        )}
      </div>
    </section>
  );
}

const describeTotal = ({ usedBytes, freeBytes, totalBytes }: DiskUse): string =>
  `Switchyard takes ${sayBytes(usedBytes)}` +
  (freeBytes === null || totalBytes === null ? '' : `; ${sayBytes(freeBytes)} of ${sayBytes(totalBytes)} are free`);

/** Largest first; what takes nothing is not listed. */
function Kinds({ use }: { readonly use: DiskUse }) {
  const shown = use.kinds.filter(({ bytes }) => bytes > 0).toSorted((a, b) => b.bytes - a.bytes);
  return (
    <ul className="disk-kinds">
      {shown.map(({ kind, bytes }) => (
        <li key={kind}>
          <span>{DISK_KIND_TEXT[kind]}</span>
          <Meter value={use.usedBytes === 0 ? 0 : bytes / use.usedBytes} label={`Share of ${DISK_KIND_TEXT[kind]}`} />
          <span className="disk-bytes">{sayBytes(bytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function Kept({ kept }: { readonly kept: readonly OwnWork[] }) {
  return (
    <details className="disk-more">
      <summary>Kept for files of their own: {plural(kept.length, 'trial')}</summary>
      <ul>
        {kept.slice(0, NAMED).map(({ trialId, name, files, bytes, examples }) => (
          <li key={trialId}>
            #{trialId} {name}: {plural(files, 'file')}, {sayBytes(bytes)}{' '}
            <span className="dim mono">{examples.join(', ')}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Largest({ use }: { readonly use: DiskUse }) {
  return (
    <table className="plain-table">
      <thead>
        <tr>
          <th scope="col">Largest trials</th>
          <th scope="col">All</th>
          <th scope="col">Work</th>
          <th scope="col">Checkpoints</th>
          <th scope="col">Outputs</th>
          <th scope="col">Logs</th>
        </tr>
      </thead>
      <tbody>
        {use.largest.slice(0, LARGEST).map((trial) => (
          <tr key={trial.trialId}>
            <td>
              #{trial.trialId} {trial.name}
            </td>
            <td>{sayBytes(trial.bytes)}</td>
            <td>{sayBytes(trial.workBytes)}</td>
            <td>{sayBytes(trial.checkpointBytes)}</td>
            <td>{sayBytes(trial.outputBytes)}</td>
            <td>{sayBytes(trial.logBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
