/** Where trials could go: when they would start and end there, what it costs at most, and what stands in the way. One button, which names the sum. */
import { useEffect, useState } from 'react';
import type { MoveOption, MovePlan } from '../../../electron/contract/move-plan.ts';
import type { Pool } from '../../../electron/contract/pools.ts';
import { KEPT_DIRECTORY, sayLoss } from '../../../electron/text/lost-work.ts';
import { api } from '../../api/client.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';
import { engineNow, useEngine } from '../../api/store.ts';
import { useNow } from '../../shared/clock.ts';
import { DialogFrame, ProblemBox } from '../../shared/dialog-frame.tsx';
import { findLosing } from '../../shared/losing.ts';
import { toastDone } from '../../shared/toasts.tsx';
import { trialsOf } from '../../shared/trial-actions.ts';
import { formatTime, nameTrials } from '../../ui/format.ts';
import { canMove, moveWords, sayCeiling, sumWords } from './move-words.ts';
import './move.css';

const NAMED_LOSSES = 4;

export function MoveDialog({ trialIds, poolId }: { readonly trialIds: readonly number[]; readonly poolId?: string }) {
  const pools = useEngine((state) => state.pools);
  const [plan, setPlan] = useState<MovePlan | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [chosenId, setChosenId] = useState<string | null>(poolId ?? null);
  const now = useNow(10_000);
  useEffect(() => {
    const abort = new AbortController();
    api.planMove(trialIds, abort.signal).then(setPlan, (error: unknown) => {
      if (!abort.signal.aborted) setProblem(toApiError(error));
    });
    return () => abort.abort();
  }, [trialIds]);

  const chosen = plan?.options.find((option) => option.poolId === chosenId);
  const losing = findLosing(trialsOf(chosen?.trialIds ?? []), 'pool', engineNow());
  const sum = chosen === undefined ? null : sumWords(chosen);
  const confirm = async (): Promise<void> => {
    if (chosen === undefined) return;
    const result = await api.act({ action: 'pool', trialIds: [...chosen.trialIds], poolId: chosen.poolId });
    toastDone(result.message, result.undoId);
  };
  return (
    <DialogFrame
      title={`Move ${nameTrials(trialIds)}`}
      confirm={canMove(chosen) ? moveWords(chosen) : 'Move'}
      danger={losing.length > 0}
      wide
      disabled={!canMove(chosen)}
      onConfirm={confirm}
    >
      {problem !== null && <ProblemBox problem={problem} />}
      {plan === null && problem === null && <p className="dim">Looking at the pools…</p>}
      {plan !== null && (
        <fieldset className="move-options">
          <legend className="move-row move-head" aria-hidden="true">
            <span />
            <span>To</span>
            <span>Starts</span>
            <span>Last ends</span>
            <span>A machine</span>
            <span>At most</span>
          </legend>
          {plan.options.map((option) => {
            const pool = pools.find(({ id }) => id === option.poolId);
            return pool === undefined ? null : (
              <Option
                key={pool.id}
                pool={pool}
                option={option}
                now={now}
                chosen={option.poolId === chosenId}
                onChoose={() => setChosenId(pool.id)}
              />
            );
          })}
        </fieldset>
      )}
      {pools.length === 1 && <p className="dim">There is no other pool. Add one with the + beside Pools.</p>}
      {sum !== null && <p className="dim">{sum}</p>}
      {losing.length > 0 && (
        <>
          <ul className="losses" aria-label="What would be lost">
            {losing.slice(0, NAMED_LOSSES).map(({ trial, lostMs }) => (
              <li key={trial.id}>
                <b>#{trial.id}</b> {trial.name} <span className="loss">{sayLoss(trial, lostMs)}.</span>
              </li>
            ))}
            {losing.length > NAMED_LOSSES && (
              <li className="dim">and {losing.length - NAMED_LOSSES} more lose work.</li>
            )}
          </ul>
          <p>{KEPT_DIRECTORY}</p>
        </>
      )}
    </DialogFrame>
  );
}

interface OptionProps {
  readonly pool: Pool;
  readonly option: MoveOption;
  readonly now: number;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

function Option({ pool, option, now, chosen, onChoose }: OptionProps) {
  const { cost, hindrances } = option;
  const isHere = option.trialIds.length === 0;
  const time = (atMs: number | null): string => (atMs === null ? 'not known' : formatTime(atMs, now));
  return (
    <label className={`move-row ${chosen ? 'chosen' : ''} ${pool.kind === 'local' ? '' : 'elsewhere'}`}>
      <input
        type="radio"
        name="move-to"
        checked={chosen}
        disabled={isHere}
        onChange={onChoose}
        {...(chosen ? { 'data-autofocus': true } : {})}
      />
      <b>{pool.name}</b>
      <span>{time(option.startAtMs)}</span>
      <span>{time(option.endAtMs)}</span>
      <Amount cost={cost} usd={cost?.perHourUsd ?? null} unit="/h" />
      <Amount cost={cost} usd={cost?.mostUsd ?? null} unit="" />
      {isHere && <small className="dim">They are here.</small>}
      {hindrances.map(({ level, text }) => (
        <small key={text} className={level === 'error' ? 'stands-in-the-way' : 'not-known'}>
          {text}
        </small>
      ))}
    </label>
  );
}

function Amount({
  cost,
  usd,
  unit,
}: {
  readonly cost: MoveOption['cost'];
  readonly usd: number | null;
  readonly unit: string;
}) {
  if (cost === null) return <span className="dim">no cost</span>;
  return usd === null ? <span className="not-known">not known</span> : <span>{`${sayCeiling(usd)}${unit}`}</span>;
}
