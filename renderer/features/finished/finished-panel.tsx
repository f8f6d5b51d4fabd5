/** Everything that has ended: searched on the engine, sorted, and read on as one scrolls. */
import { Switch, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useEngine, findTrial } from '../../api/store.ts';
import { ActionButtons } from '../../shared/action-buttons.tsx';
import { TRIAL_ACTIONS } from '../../shared/action-table.ts';
import type { ActionId } from '../../shared/action-table.ts';
import { trialsOf } from '../../shared/trial-actions.ts';
import { toggleArchived, useView } from '../../shared/view-state.ts';
import { formatCount, plural } from '../../ui/format.ts';
import { FinishedList } from './finished-list.tsx';
import { useFinishedPages } from './use-pages.ts';
import type { Sorting } from './use-pages.ts';

const OUTCOMES = ['completed', 'failed', 'canceled'] as const;
const ON_THE_BAR: readonly ActionId[] = ['retry', 'archive', 'unarchive', 'delete'];

export function FinishedPanel() {
  const typed = useView((state) => state.finishedSearch);
  const archived = useView((state) => state.showArchived);
  const [outcome, setOutcome] = useState<(typeof OUTCOMES)[number] | null>(null);
  const [sorting, setSorting] = useState<Sorting>({ sort: 'end', order: 'desc' });
  const search = [typed.trim(), outcome === null ? '' : `state:${outcome}`].filter(Boolean).join(' ');
  const { ids, total, problem, loadMore } = useFinishedPages({ search, ...sorting, archived });
  const table = useEngine((state) => state.trials);
  const elsewhere = useEngine((state) => state.elsewhere);
  // What was deleted, archived or started again since it was found is no longer on the list.
  const trials = useMemo(
    () =>
      ids
        .flatMap((id) => findTrial({ trials: table, elsewhere }, id) ?? [])
        .filter((trial) => trial.state === 'done' && (archived || !trial.archived)),
    [ids, table, elsewhere, archived],
  );
  const gone = ids.length - trials.length;
  const isMalformed = problem?.code === 'invalid_search';
  return (
    <main className="finished" aria-label="Finished">
      <div className="finished-toolbar">
        <h1>Finished</h1>
        <TextInput
          className="finished-search"
          type="search"
          aria-label="Search finished trials"
          placeholder="name, lr>0.01, label:baseline, since:7d"
          title={
            'Words in name, command or labels; lr=0.03, lr>0.01; label: name: pool: id:; since:7d, before:2026-11-01; "quoted" is text'
          }
          value={typed}
          error={isMalformed}
          spellCheck={false}
          onChange={(event) => useView.setState({ finishedSearch: event.currentTarget.value })}
        />
        <div className="chips" role="group" aria-label="How it ended">
          {OUTCOMES.map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={outcome === each}
              onClick={() => setOutcome(outcome === each ? null : each)}
            >
              {each}
            </button>
          ))}
        </div>
        <Switch label="Archived too" checked={archived} onChange={toggleArchived} />
      </div>
      {problem !== null && (
        <p className="inline-error" role="alert">
          {problem.message} {problem.remedy}
        </p>
      )}
      {/* One line of one height: a selection moves no row. */}
      <div className="finished-count">
        <span className="dim" role="status">
          {total === null ? 'Looking…' : `${plural(total - gone, 'trial')}${search === '' ? '' : ' found'}`}
          {total !== null && trials.length < total - gone && `, ${formatCount(trials.length)} read`}
        </span>
        <SelectionBar />
      </div>
      {total === 0 && problem === null ? (
        <Nothing searched={search !== ''} />
      ) : (
        <FinishedList trials={trials} sorting={sorting} onSort={setSorting} onEnd={loadMore} />
      )}
    </main>
  );
}

function Nothing({ searched }: { readonly searched: boolean }) {
  return (
    <p className="finished-nothing dim">
      {searched
        ? 'No finished trial fits. Words must all fit; parameters compare by = < >, dates by since: and before:.'
        : 'Nothing has ended yet. What ends stays here, with its log, metrics and checkpoints, until you delete it.'}
    </p>
  );
}

function SelectionBar() {
  const selection = useView((state) => state.selection);
  useEngine((state) => state.trials);
  const trials = trialsOf(selection);
  if (trials.length === 0) return null;
  return (
    <div className="selection-bar" role="toolbar" aria-label="Actions on the selection">
      <span className="dim">{formatCount(trials.length)} selected</span>
      <ActionButtons
        actions={TRIAL_ACTIONS.filter((action) => ON_THE_BAR.includes(action.id) && action.applies(trials)).slice(0, 3)}
        trials={() => trialsOf(selection)}
        moreLabel="More actions on the selection"
      />
    </div>
  );
}
