/** Name, state and the actions of the inspected trial. */
import { sayDuration, sayMemory } from '../../../electron/text/say.ts';
import type { WaitingReason } from '../../../electron/contract/feed.ts';
import type { Dependency, Trial, TrialDetail } from '../../../electron/contract/trials.ts';
import { findTrial, useEngine } from '../../api/store.ts';
import { raiseThreshold } from '../../shared/engine-actions.ts';
import { Button } from '../../ui/button.tsx';
import { useTimeLeft } from '../../shared/time-left.ts';
import { useNow } from '../../shared/clock.ts';
import { formatCount, formatFullTime, formatParams, formatTime } from '../../ui/format.ts';
import { Meter, ShortName, Tag } from '../../ui/pieces.tsx';
import { savedText, slotText, stateTag } from '../../shared/trial-text.tsx';
import { ActionButtons } from '../../shared/action-buttons.tsx';
import { TRIAL_ACTIONS } from '../../shared/action-table.ts';
import type { ActionId } from '../../shared/action-table.ts';
import { inspectAnywhere } from '../../shared/trial-actions.ts';
import { useView } from '../../shared/view-state.ts';

const BUTTONS: readonly ActionId[] = ['resume', 'pause', 'unfreeze', 'freeze', 'release', 'retry', 'cancel', 'archive'];

export function TrialHeader({ trial, detail }: { readonly trial: Trial; readonly detail: TrialDetail | null }) {
  const buttons = TRIAL_ACTIONS.filter((action) => BUTTONS.includes(action.id) && action.applies([trial]));
  return (
    <header className="trial-header">
      <div className="trial-title">
        <h2 title={trial.name}>
          #{trial.id} <ShortName text={trial.name} />
        </h2>
        <StateTag trial={trial} />
      </div>
      {Object.keys(trial.hparams).length > 0 && (
        <div className="mono dim params-line" title={formatParams(trial.hparams)}>
          {formatParams(trial.hparams)}
        </div>
      )}
      <FactLine trial={trial} detail={detail} />
      {trial.after.length > 0 && <AfterLine after={trial.after} />}
      <ProgressLine trial={trial} />
      <Verdict trial={trial} />
      <div className="trial-buttons">
        <ActionButtons
          actions={buttons}
          trials={() => [trial]}
          moreLabel="More actions"
          onMore={() => useView.setState({ selection: new Set([trial.id]), activeId: trial.id, anchorId: trial.id })}
        />
      </div>
    </header>
  );
}

function StateTag({ trial }: { readonly trial: Trial }) {
  const now = useNow(1_000);
  const tag = stateTag(trial);
  const active = trial.state === 'running' && trial.startedAtMs !== null;
  const spell = active
    ? now - trial.startedAtMs!
    : trial.outcome !== null && trial.startedAtMs !== null && trial.endedAtMs !== null
      ? trial.endedAtMs - trial.startedAtMs
      : null;
  return (
    <Tag tone={tag.tone}>
      {tag.text}
      {spell === null ? '' : `${trial.outcome === null ? '' : ' after'} ${sayDuration(spell)}`}
    </Tag>
  );
}

/** "GPU 0 · docker · pytorch:2.9 · priority 42 · attempt 2". */
function FactLine({ trial, detail }: { readonly trial: Trial; readonly detail: TrialDetail | null }) {
  const slots = useEngine((state) => slotText(trial, state.gpus));
  const poolName = useEngine((state) => state.pools.find((pool) => pool.id === trial.poolId)?.name ?? trial.poolId);
  const facts = [
    slots,
    trial.runtime === 'docker' ? (trial.image ?? 'docker') : 'process',
    `priority ${trial.priority}`,
    poolName,
  ];
  if (trial.attempt > 1) facts.push(`attempt ${trial.attempt}`);
  if (trial.restarts > 0) facts.push(`restart ${trial.restarts} of ${trial.maxRestarts}`);
  const title = [trial.command, detail?.source, `submitted ${formatFullTime(trial.submittedAtMs)}`]
    .filter(Boolean)
    .join('\n');
  return (
    <div className="dim fact-line" title={title}>
      {facts.join(' · ')}
    </div>
  );
}

/** Those it was to start after, each a way to it. */
function AfterLine({ after }: { readonly after: readonly Dependency[] }) {
  return (
    <div className="dim after-line">
      {after.map((one, index) => (
        <span key={one.trialId}>
          {index === 0 ? 'After ' : ', '}
          <AwaitedTrial {...one} />
        </span>
      ))}
    </div>
  );
}

/** "#14 vit-base (running)", "#15 lm (queued), however it ends". */
function AwaitedTrial({ trialId, wants }: Dependency) {
  const trial = useEngine((state) => findTrial(state, trialId));
  return (
    <>
      <button type="button" className="text-link" onClick={() => void inspectAnywhere(trialId)}>
        #{trialId}
        {trial !== undefined && ` ${trial.name}`}
      </button>
      {trial !== undefined && ` (${stateTag(trial).text})`}
      {wants === 'ended' && ' however it ends'}
    </>
  );
}

function ProgressLine({ trial }: { readonly trial: Trial }) {
  const live = useEngine((state) => state.live.get(trial.id));
  const remainingMs = useTimeLeft(trial);
  if (trial.state !== 'running') return null;
  const progress = live?.progress ?? trial.progress;
  const step = live?.step ?? trial.step;
  if (progress === null && step === null) return null;
  return (
    <div className="progress">
      {progress !== null && <Meter value={progress} label="Progress" />}
      <span className="dim">
        {[
          progress === null ? null : `${Math.floor(progress * 100)}%`,
          step === null ? null : `step ${formatCount(step)}`,
          remainingMs === null ? null : `${sayDuration(remainingMs)} left`,
        ]
          .filter(Boolean)
          .join(', ')}
      </span>
    </div>
  );
}

/** What would let it start, by one click. */
function Remedy({ remedy }: { readonly remedy: NonNullable<WaitingReason['remedy']> }) {
  const pool = useEngine((state) => state.pools.find((each) => each.id === remedy.poolId)?.name ?? remedy.poolId);
  return (
    <div className="verdict-remedy">
      <Button size="small" onClick={() => void raiseThreshold(remedy.poolId, remedy.foreignThresholdMiB)}>
        Let others have {sayMemory(remedy.foreignThresholdMiB)} in {pool}
      </Button>
    </div>
  );
}

/** The sentence that matters in this state: why it waits, what a resume costs, how it ended and what to do. */
function Verdict({ trial }: { readonly trial: Trial }) {
  const reason = useEngine((state) => state.plan.waiting.get(trial.id));
  const forecast = useEngine((state) => state.plan.forecast.get(trial.id));
  const now = useNow(60_000);
  if (trial.state === 'queued' && reason !== undefined) {
    // Often the sentence holds all the facts already.
    const unsaid = reason.blockers.filter((blocker) => !reason.text.includes(blocker.text));
    return (
      <div className="verdict">
        {reason.text}
        {forecast?.startAtMs != null && (
          <span className="dim">{` · expected to start ${formatTime(forecast.startAtMs, now)}`}</span>
        )}
        {reason.remedy !== undefined && <Remedy remedy={reason.remedy} />}
        {unsaid.length > 0 && (
          <ul>
            {unsaid.map((blocker, index) => (
              <li key={index} className="dim">
                {blocker.text}
              </li>
            ))}
          </ul>
        )}
      </div>
    );
  }
  if (trial.state === 'paused') return <div className="verdict">{savedText(trial).text}</div>;
  if (trial.outcome !== null && trial.outcome.kind !== 'completed') {
    return (
      <div className={`verdict${trial.outcome.kind === 'failed' ? ' verdict-stop' : ''}`}>
        {trial.outcome.message}
        {trial.outcome.remedy !== null && <div className="dim lines">{trial.outcome.remedy}</div>}
      </div>
    );
  }
  return null;
}
