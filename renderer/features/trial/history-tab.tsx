/** Everything that happened to a trial, newest first, and its attempts. */
import { sayBytes, sayDuration } from '../../../electron/text/say.ts';
import type { AttemptView, TrialDetail } from '../../../electron/contract/trials.ts';
import { formatFullTime } from '../../ui/format.ts';

export function HistoryTab({ detail }: { readonly detail: TrialDetail | null }) {
  if (detail === null) return null;
  return (
    <div className="tab-scroll">
      {detail.attempts.length > 0 && (
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Attempt</th>
              <th scope="col">Ran</th>
              <th scope="col">Ended</th>
              <th scope="col">Log</th>
            </tr>
          </thead>
          <tbody>
            {[...detail.attempts].reverse().map((each) => (
              <AttemptRow key={each.number} attempt={each} />
            ))}
          </tbody>
        </table>
      )}
      <ol className="history">
        {[...detail.history]
          .sort((a, b) => b.seq - a.seq)
          .map((entry) => (
            <li key={entry.seq}>
              <time className="dim3">{formatFullTime(entry.atMs)}</time>
              <span>{entry.text}</span>
            </li>
          ))}
      </ol>
    </div>
  );
}

function AttemptRow({ attempt }: { readonly attempt: AttemptView }) {
  const ranMs =
    attempt.startedAtMs !== null && attempt.endedAtMs !== null ? attempt.endedAtMs - attempt.startedAtMs : null;
  const end =
    attempt.end === null
      ? attempt.startedAtMs === null
        ? 'not started'
        : 'running'
      : attempt.end.replaceAll('_', ' ');
  return (
    <tr title={attempt.message ?? ''}>
      <td>{attempt.number}</td>
      <td>{ranMs === null ? '–' : sayDuration(ranMs)}</td>
      <td>
        {end}
        {attempt.exitCode !== null && <span className="dim"> code {attempt.exitCode}</span>}
      </td>
      <td>{sayBytes(attempt.logBytes)}</td>
    </tr>
  );
}
