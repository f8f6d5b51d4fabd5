/** The code the trial runs: where it came from, what was left out, and how it differs from another's or from the directory now. */
import { useEffect, useMemo, useState } from 'react';
import type { ChangedFile, CodeDiff, SnapshotInfo } from '../../../electron/contract/snapshots.ts';
import type { Trial, TrialDetail } from '../../../electron/contract/trials.ts';
import { sayBytes } from '../../../electron/text/say.ts';
import { api } from '../../api/client.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';
import { useEngine } from '../../api/store.ts';

const OFFERED = 100;
const NO_OTHERS: readonly Pick<Trial, 'id' | 'name'>[] = [];

export function CodeTab({ detail }: { readonly detail: TrialDetail | null }) {
  if (detail === null) return null;
  if (detail.source === null) return <p className="tab-empty">This trial was submitted without a directory.</p>;
  return (
    <div className="tab-scroll">
      {detail.snapshotInfo !== null && <Facts info={detail.snapshotInfo} />}
      <Difference key={detail.trial.id} id={detail.trial.id} source={detail.source} />
    </div>
  );
}

function Facts({ info }: { readonly info: SnapshotInfo }) {
  const { base, leftOut } = info;
  return (
    <dl className="facts">
      <div>
        <dt>Snapshot</dt>
        <dd>{`${info.files} ${info.files === 1 ? 'file' : 'files'}, ${sayBytes(info.bytes)}`}</dd>
      </div>
      {base !== null && (
        <div>
          <dt>Commit</dt>
          <dd className="mono">
            {base.commit.slice(0, 12)}
            {base.branch === null ? '' : ` on ${base.branch}`}
            {base.dirty === true ? ', with changes' : ''}
          </dd>
        </div>
      )}
      {leftOut.length > 0 && (
        <div>
          <dt>Left out</dt>
          <dd>
            {leftOut.map((one) => (
              <div key={one.path}>
                <span className="mono">{one.path}</span> {one.isMore ? 'more than ' : ''}
                {sayBytes(one.bytes)}, {one.rule}
              </div>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** How the code of a trial differs. @param first what it is compared with at first; null = the directory as it is now */
export function Difference({
  id,
  source,
  first = null,
  offered = NO_OTHERS,
}: {
  readonly id: number;
  readonly source: string;
  readonly first?: number | null;
  /** Stand before the others one can choose from. */
  readonly offered?: readonly Pick<Trial, 'id' | 'name'>[];
}) {
  const [other, setOther] = useState<number | null>(first);
  const [diff, setDiff] = useState<CodeDiff | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const byId = useEngine((state) => state.trials.byId);
  const others = useMemo(
    () =>
      [...byId.values()]
        .filter((trial) => trial.id !== id)
        .toSorted((a, b) => b.id - a.id)
        .filter((trial) => !offered.some((one) => one.id === trial.id))
        .slice(0, OFFERED),
    [byId, id, offered],
  );
  const connected = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    const abort = new AbortController();
    setDiff(null);
    setError(null);
    if (!connected) return;
    api
      .codeDiff(id, other, abort.signal)
      .then(setDiff)
      .catch((reason: unknown) => {
        if (!abort.signal.aborted) setError(toApiError(reason));
      });
    return () => abort.abort();
  }, [id, other, connected]);
  return (
    <section aria-label="Difference">
      <label className="code-other">
        Compare with{' '}
        <select
          value={other ?? ''}
          onChange={(event) => setOther(event.target.value === '' ? null : Number(event.target.value))}
        >
          <option value="">{source} as it is now</option>
          {[...offered, ...others].map((trial) => (
            <option key={trial.id} value={trial.id}>{`#${trial.id} ${trial.name}`}</option>
          ))}
        </select>
      </label>
      {error !== null && (
        <p className="inline-error" role="alert">
          {error.message} {error.remedy}
        </p>
      )}
      {diff !== null && diff.files.length === 0 && <p className="tab-empty">No difference.</p>}
      {diff?.files.map((file) => (
        <File key={file.path} file={file} />
      ))}
      {diff !== null && diff.moreFiles > 0 && <p>{`${diff.moreFiles} more files changed.`}</p>}
    </section>
  );
}

const SHOWN: Readonly<Record<ChangedFile['shown'], string>> = {
  lines: '',
  binary: 'binary',
  too_large: 'too large to compare by lines',
  mode: 'executable or not',
  link: 'a link',
};

function File({ file }: { readonly file: ChangedFile }) {
  const extent = file.shown === 'lines' ? `+${file.added ?? 0} −${file.removed ?? 0}` : SHOWN[file.shown];
  return (
    <details className="code-file" open={file.patch !== null}>
      <summary>
        <span className="mono">{file.path}</span> {file.change}, {extent}
        {file.shown === 'lines' && file.patch === null ? ', too long to show' : ''}
      </summary>
      {file.patch !== null && (
        <pre className="code-patch mono" tabIndex={0} aria-label={`Changes of ${file.path}`}>
          {file.patch
            .trimEnd()
            .split('\n')
            .map((line, at) => (
              <span key={at} className={kindOf(line)}>
                {`${line}\n`}
              </span>
            ))}
        </pre>
      )}
    </details>
  );
}

function kindOf(line: string): string {
  if (line.startsWith('+')) return 'code-added';
  if (line.startsWith('-')) return 'code-removed';
  return line.startsWith('@@') ? 'code-place' : '';
}
