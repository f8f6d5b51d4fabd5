/** Trials side by side: what differs in parameters, metrics, code and environment, and their curves over each other. */
import { IconChevronLeft } from '@tabler/icons-react';
import { Switch } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { TrialDetail } from '../../../electron/contract/trials.ts';
import { api } from '../../api/client.ts';
import { toApiError, type ApiError } from '../../api/problem.ts';
import { engineNow, rememberTrials, useEngine } from '../../api/store.ts';
import { usePreferences } from '../../shared/preferences.ts';
import { endCompare, openDialog } from '../../shared/view-state.ts';
import { Button } from '../../ui/button.tsx';
import { ShortName, Tag } from '../../ui/pieces.tsx';
import { stateTag } from '../../shared/trial-text.tsx';
import { Difference } from './code-tab.tsx';
import { compareSections, type ComparedRow } from './compare-rows.ts';
import './compare.css';
import { gatherMetrics, MAX_CURVES } from './curves.ts';
import { isCounter } from './metric-kind.ts';
import { Plot } from './plot.tsx';
import { PlotChoices } from './plot-choices.tsx';
import { CurveMark } from './plot-legend.tsx';
import { useMetricsOf } from './use-metrics.ts';

const PLOT_PX = 150;

export function ComparePanel({ trialIds }: { readonly trialIds: readonly number[] }) {
  const ids = trialIds.slice(0, MAX_CURVES);
  const { details, problem } = useDetails(ids);
  const [onlyDiffering, setOnlyDiffering] = useState(true);
  const trials = details.map(({ trial }) => trial);
  const views = useMetricsOf(trials);
  const { logScale, plotOver, smoothing } = usePreferences();
  const metrics = gatherMetrics(trials, (id) => views.get(id)?.series ?? []).sort(
    (a, b) => Number(isCounter(a.name)) - Number(isCounter(b.name)),
  );
  const sections = compareSections(details, metrics, engineNow());
  const source = details[0]?.source ?? null;
  return (
    <main className="compare" aria-label="Compare">
      <div className="compare-bar">
        <Button tone="plain" onClick={endCompare}>
          <IconChevronLeft size={14} aria-hidden="true" /> Experiments
        </Button>
        <h1>Compare {trialIds.length} trials</h1>
        {trialIds.length > ids.length && <span className="dim">the first {ids.length} are shown</span>}
        <span className="grow" />
        <Switch
          size="xs"
          label="Only what differs"
          checked={onlyDiffering}
          onChange={(event) => setOnlyDiffering(event.currentTarget.checked)}
        />
        <Button size="small" onClick={() => openDialog({ kind: 'submit' })}>
          New experiment…
        </Button>
      </div>
      {problem !== null && (
        <p className="inline-error" role="alert">
          {problem.message} {problem.remedy}
        </p>
      )}
      <div className="compare-body">
        <div className="compare-scroll">
          <table className="compare-table">
            <thead>
              <tr>
                <td />
                {trials.map((trial, style) => {
                  const tag = stateTag(trial);
                  return (
                    <th key={trial.id} scope="col">
                      <span className="compare-lead">
                        <CurveMark name="" count={trials.length} style={style} />
                        <span className="dim3">#{trial.id}</span>
                        <Tag tone={tag.tone}>{tag.text}</Tag>
                      </span>
                      <ShortName text={trial.name} />
                    </th>
                  );
                })}
              </tr>
            </thead>
            {sections.map(({ title, rows, alike }) => {
              const shown = onlyDiffering ? rows.filter(({ differs }) => differs) : rows;
              return (
                <tbody key={title}>
                  <tr>
                    <th scope="rowgroup" colSpan={trials.length + 1} className="compare-section">
                      {title} <span className="dim">{sayDiffers(rows.length - alike, alike)}</span>
                    </th>
                  </tr>
                  {shown.map((row) => (
                    <Row key={row.name} row={row} />
                  ))}
                </tbody>
              );
            })}
          </table>
        </div>
        <div className="compare-side">
          <div className="tab-actions">
            <span className="grow" />
            <PlotChoices />
          </div>
          <div className="plots">
            {metrics.map(({ name, curves }) => (
              <Plot
                key={name}
                name={name}
                curves={curves}
                heightPx={PLOT_PX}
                axes
                logScale={logScale}
                over={plotOver}
                smoothing={smoothing}
                onEnlarge={() => openDialog({ kind: 'plot', trialIds: trials.map(({ id }) => id), metric: name })}
              />
            ))}
            {details.length === ids.length && metrics.length === 0 && <p className="dim">None of them has metrics.</p>}
          </div>
          {source !== null && ids[0] !== undefined && (
            <section aria-label="Code" className="compare-code">
              <h2>Code of #{ids[0]}</h2>
              <Difference
                key={ids.join()}
                id={ids[0]}
                source={source}
                first={ids[1] ?? null}
                offered={trials.slice(1)}
              />
            </section>
          )}
        </div>
      </div>
    </main>
  );
}

const sayDiffers = (differ: number, alike: number): string =>
  `${differ} ${differ === 1 ? 'differs' : 'differ'}, ${alike} alike`;

function Row({ row: { name, cells, differs, best } }: { readonly row: ComparedRow }) {
  return (
    <tr className={differs ? 'differs' : ''}>
      <th scope="row" className="mono cut" title={name}>
        {name}
      </th>
      {cells.map((cell, at) => (
        <td key={at} className={cell === cells[0] ? '' : 'other'}>
          {cell === null ? '–' : cell}
          {best === at && <b className="compare-best"> best</b>}
        </td>
      ))}
    </tr>
  );
}

function useDetails(ids: readonly number[]): {
  readonly details: readonly TrialDetail[];
  readonly problem: ApiError | null;
} {
  const [details, setDetails] = useState<readonly TrialDetail[]>([]);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = useEngine((state) => state.connection === 'live');
  const revisions = useEngine((state) => ids.map((id) => state.trials.byId.get(id)?.revision ?? 0).join());
  const key = ids.join();
  useEffect(() => {
    if (!connected) return;
    const abort = new AbortController();
    Promise.all(key.split(',').map((id) => api.trial(Number(id), abort.signal))).then(
      (answers) => {
        rememberTrials(answers.map(({ trial }) => trial));
        setDetails(answers);
        setProblem(null);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setProblem(toApiError(error));
      },
    );
    return () => abort.abort();
  }, [key, revisions, connected]);
  return { details, problem };
}
