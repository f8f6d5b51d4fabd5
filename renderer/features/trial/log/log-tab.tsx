/** The log of an attempt: opens at its end, follows, goes back as far as there is, searches, downloads. */
import { NativeSelect } from '@mantine/core';
import { IconArrowDown, IconDownload, IconSearch, IconTextWrap } from '@tabler/icons-react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { sayBytes } from '../../../../electron/text/say.ts';
import type { Trial, TrialDetail } from '../../../../electron/contract/trials.ts';
import { api } from '../../../api/client.ts';
import type { LogHit } from '../../../api/client.ts';
import { download } from '../../../api/download.ts';
import { Button, IconButton } from '../../../ui/button.tsx';
import { prefer, usePreferences } from '../../../shared/preferences.ts';
import { attempt as report } from '../../../shared/toasts.tsx';
import { LogOffer } from '../log-offer.tsx';
import { MetricStrip } from '../metric-strip.tsx';
import { LogLines } from './log-lines.tsx';
import { LogSearch } from './log-search.tsx';
import { LogSession } from './log-session.ts';

export function LogTab({ trial, detail }: { readonly trial: Trial; readonly detail: TrialDetail | null }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const attempt = chosen ?? trial.attempt;
  if (attempt === 0) {
    const ended = trial.state === 'done';
    return (
      <div className="tab-scroll tab-empty">
        <p>{ended ? 'No log.' : 'No log yet.'}</p>
        <p className="dim">{ended ? 'The trial never started.' : 'It begins when the trial starts.'}</p>
      </div>
    );
  }
  const attempts = detail?.attempts ?? [];
  return (
    <div className="log-tab">
      <MetricStrip trial={trial} />
      <AttemptLog
        key={`${trial.id}/${attempt}`}
        trial={trial}
        attempt={attempt}
        picker={
          attempts.length > 1 && (
            <NativeSelect
              aria-label="Attempt"
              size="xs"
              value={String(attempt)}
              onChange={(event) => setChosen(Number(event.currentTarget.value))}
              data={attempts
                .map((each) => ({
                  value: String(each.number),
                  label: `Attempt ${each.number}${each.end === null ? '' : `, ${each.end.replaceAll('_', ' ')}`}`,
                }))
                .reverse()}
            />
          )
        }
      />
    </div>
  );
}

function AttemptLog({
  trial,
  attempt,
  picker,
}: {
  readonly trial: Trial;
  readonly attempt: number;
  readonly picker: React.ReactNode;
}) {
  const trialId = trial.id;
  const [session] = useState(() => new LogSession(trialId, attempt));
  const view = useSyncExternalStore(session.subscribe, session.getView);
  const [following, setFollowing] = useState(true);
  const [searching, setSearching] = useState(false);
  const [hit, setHit] = useState<LogHit | null>(null);
  const wrap = usePreferences((state) => state.wrapLog);

  useEffect(() => {
    void session.openEnd();
    return () => session.close();
  }, [session]);
  useEffect(() => session.setFollowing(following), [session, following]);

  const save = (): void => {
    const name = `trial-${trialId}-attempt-${attempt}.log`;
    void report(() => download(api.logDownloadUrl(trialId, attempt), name));
  };
  const jumpToEnd = (): void => {
    setHit(null);
    setFollowing(true);
    if (view.state === 'detached') void session.openEnd();
  };
  const goToHit = (next: LogHit): void => {
    setFollowing(false);
    void session.openAround(next.offset).then((there) => {
      if (there) setHit({ ...next });
    });
  };

  return (
    <>
      <div className="log-bar">
        {picker}
        <span className="dim3">
          {sayBytes(view.totalBytes)}
          {view.state === 'live' && following ? ', following' : ''}
          {view.state === 'ended' ? ', ended' : ''}
        </span>
        <span className="grow" />
        <IconButton label="Wrap long lines" aria-pressed={wrap} onClick={() => prefer({ wrapLog: !wrap })}>
          <IconTextWrap size={14} aria-hidden="true" />
        </IconButton>
        <IconButton label="Search the log" aria-expanded={searching} onClick={() => setSearching(!searching)}>
          <IconSearch size={14} aria-hidden="true" />
        </IconButton>
        <IconButton label="Download the log" onClick={save}>
          <IconDownload size={14} aria-hidden="true" />
        </IconButton>
      </div>
      {searching && (
        <LogSearch trialId={trialId} attempt={attempt} onHit={goToHit} onClose={() => setSearching(false)} />
      )}
      {/* Asked again each time the log is twice as long. */}
      {attempt === trial.attempt && <LogOffer trial={trial} grown={Math.floor(Math.log2(view.totalBytes + 1))} />}
      {view.error !== null && (
        <p className="inline-error" role="alert">
          {view.error}
        </p>
      )}
      <div className="log-frame">
        <LogLines
          session={session}
          view={view}
          following={following}
          onFollowing={setFollowing}
          hit={hit}
          wrap={wrap}
        />
        {!following && (
          <Button className="jump-to-end" size="small" onClick={jumpToEnd}>
            <IconArrowDown size={13} aria-hidden="true" /> Jump to end
          </Button>
        )}
      </div>
    </>
  );
}
