/** Checkpoints a trial has written; the newest is where its next attempt goes on. */
import { IconPin, IconPinnedFilled } from '@tabler/icons-react';
import { Fragment, useEffect, useState } from 'react';
import { sayBytes } from '../../../electron/text/say.ts';
import type { CheckpointView, TrialDetail } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { useNow } from '../../shared/clock.ts';
import { CopyText } from '../../shared/copy-text.tsx';
import { ShowInFiles } from '../../shared/show-in-files.tsx';
import { attempt } from '../../shared/toasts.tsx';
import { IconButton } from '../../ui/button.tsx';
import { formatCount, formatFullTime, formatMetric, formatTime } from '../../ui/format.ts';

export function CheckpointsTab({ detail }: { readonly detail: TrialDetail | null }) {
  const now = useNow(60_000);
  if (detail === null) return null;
  if (detail.checkpoints.length === 0) {
    return (
      <div className="tab-scroll tab-empty">
        <p>No checkpoint yet.</p>
        <p className="dim">
          A trial that saves into <code>$SWITCHYARD_CHECKPOINT_DIR</code> goes on from there after a pause. From Python:
        </p>
        <pre className="yaml mono">
          {'import switchyard\nwith switchyard.save_checkpoint(step=step) as path:\n    save(model, path)'}
        </pre>
      </div>
    );
  }
  const newest = [...detail.checkpoints].sort((a, b) => b.savedAtMs - a.savedAtMs);
  return (
    <div className="tab-scroll">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Saved</th>
            <th scope="col">Size</th>
            <th scope="col">Metrics</th>
            <th scope="col">
              <span className="visually-hidden">Pinned</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {newest.map((checkpoint, index) => (
            <Fragment key={checkpoint.id}>
              <tr>
                <td>
                  {checkpoint.step === null ? '–' : formatCount(checkpoint.step)}
                  {index === 0 && <span className="dim"> latest</span>}
                </td>
                <td>
                  <time title={formatFullTime(checkpoint.savedAtMs)}>{formatTime(checkpoint.savedAtMs, now)}</time>
                  {detail.attempts.length > 1 && <span className="dim"> attempt {checkpoint.attempt}</span>}
                </td>
                <td>{checkpoint.sizeBytes === null ? '–' : sayBytes(checkpoint.sizeBytes)}</td>
                <td className="mono">
                  {Object.entries(checkpoint.metrics)
                    .map(([name, value]) => `${name}=${formatMetric(value)}`)
                    .join(' ')}
                </td>
                <td>
                  <Pin checkpoint={checkpoint} />
                </td>
              </tr>
              <tr className="path-row">
                <td colSpan={5}>
                  <CopyText
                    text={checkpoint.path}
                    what={`path of the checkpoint${checkpoint.step === null ? '' : ` at step ${formatCount(checkpoint.step)}`}`}
                  >
                    <ShowInFiles trialId={detail.trial.id} place={checkpoint.id} what="checkpoint" />
                  </CopyText>
                </td>
              </tr>
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether it stays when older ones are removed. */
function Pin({ checkpoint: { id, step, path, pinned } }: { readonly checkpoint: CheckpointView }) {
  // The detail is read again with the trial's next change; until then the answer counts.
  const [now, setNow] = useState(pinned);
  useEffect(() => setNow(pinned), [pinned]);
  const what = step === null ? path : `at step ${formatCount(step)}`;
  return (
    <IconButton
      label={now ? `Unpin the checkpoint ${what}` : `Pin the checkpoint ${what}: it stays`}
      aria-pressed={now}
      onClick={() => void attempt(async () => setNow((await api.pinCheckpoint(id, !now)).pinned))}
    >
      {now ? <IconPinnedFilled size={13} aria-hidden="true" /> : <IconPin size={13} aria-hidden="true" />}
    </IconButton>
  );
}
