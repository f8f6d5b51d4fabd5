/** The table of experiments: every trial with its parameters and metrics, filtered, sorted and grouped by the engine. */
import { NativeSelect, Switch, TextInput } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import type { TableColumn, TableView } from '../../../electron/contract/table.ts';
import { useEngine } from '../../api/store.ts';
import { ActionButtons } from '../../shared/action-buttons.tsx';
import { TRIAL_ACTIONS, type ActionId } from '../../shared/action-table.ts';
import { trialsOf } from '../../shared/trial-actions.ts';
import { useView } from '../../shared/view-state.ts';
import { Button } from '../../ui/button.tsx';
import { formatCount, plural } from '../../ui/format.ts';
import { columnId, describeColumn, shownColumns } from './columns.ts';
import { ColumnChooser } from './column-chooser.tsx';
import { ExportMenu } from './export-menu.tsx';
import './table.css';
import { TableGrid } from './table-grid.tsx';
import { useColumns } from './use-columns.ts';
import { useTableRows, type TableHead } from './use-table-rows.ts';
import { changeView, useTableViews } from './view-store.ts';
import { ViewTabs } from './view-tabs.tsx';

const ON_THE_BAR: readonly ActionId[] = ['compare', 'star', 'unstar', 'labels', 'archive', 'unarchive'];
const GROUPS = ['experiment', 'state', 'pool', 'code', 'labels'];
const NO_COLUMNS: readonly TableColumn[] = [];

export function TablePanel() {
  const view = useTableViews((state) => state.view);
  const folded = useTableViews((state) => state.folded);
  const { search, archived, sort, group } = view;
  const question = useMemo(() => ({ search, archived, sort, group }), [search, archived, sort, group]);
  const [total, setTotal] = useState<number | null>(null);
  const available = useColumns(view, total);
  const columns = useMemo(() => shownColumns(view, available ?? NO_COLUMNS), [view, available]);
  const ids = useMemo(() => columns.map(({ id }) => id), [columns]);
  const rows = useTableRows(question, ids, folded);
  const { head, problem, moved, sortAgain } = rows;
  // Other trials may have other columns.
  useEffect(() => setTotal(head?.total ?? null), [head?.total]);
  const params = (available ?? NO_COLUMNS).filter(({ kind }) => kind === 'param');
  return (
    <main className="table" aria-label="Experiments">
      <h1 className="visually-hidden">Experiments</h1>
      <ViewTabs />
      <div className="table-toolbar">
        <TextInput
          className="table-search"
          type="search"
          aria-label="Filter trials"
          placeholder="lr>0.01 and val_loss<0.3, label:baseline, is:starred"
          title={
            'Words in name, command or labels; parameters and metrics: lr>0.01, val_loss<0.3, has:val_loss; ' +
            'state: label: name: pool: experiment: is:starred; since:7d, before:2026-11-01; and, or, not, ( ); "quoted" is text'
          }
          value={search}
          error={problem?.code === 'invalid_search'}
          spellCheck={false}
          onChange={(event) => changeView({ search: event.currentTarget.value })}
        />
        <Switch
          size="xs"
          label="Archived too"
          checked={archived !== 'false'}
          onChange={(event) => changeView({ archived: event.currentTarget.checked ? 'all' : 'false' })}
        />
        <span className="grow" />
        <Switch
          size="xs"
          label="Only what differs"
          checked={view.onlyDiffering}
          onChange={(event) => changeView({ onlyDiffering: event.currentTarget.checked })}
        />
        <NativeSelect
          size="xs"
          aria-label="Group by"
          value={group ?? ''}
          onChange={(event) =>
            changeView({ group: event.currentTarget.value === '' ? null : event.currentTarget.value })
          }
          data={[
            { value: '', label: 'Not grouped' },
            ...[...GROUPS, ...params.filter(({ varies }) => varies).map(columnId), ...unlisted(group, params)].map(
              (id) => ({
                value: id,
                label: `Group by ${GROUPS.includes(id) ? id : (describeColumn(id, false)?.heading ?? id)}`,
              }),
            ),
          ]}
        />
        <ColumnChooser view={view} available={available ?? NO_COLUMNS} shown={columns} />
        <ExportMenu question={question} columns={columns} total={head?.total ?? 0} />
      </div>
      {problem !== null && (
        <p className="inline-error" role="alert">
          {problem.message} {problem.remedy}
        </p>
      )}
      <div className="table-count">
        <span className="dim" role="status">
          {head === null ? 'Looking…' : sayCount(head)}
        </span>
        {moved && (
          <Button size="small" tone="plain" onClick={sortAgain}>
            Values changed: sort again
          </Button>
        )}
        <SelectionBar />
      </div>
      {head?.length === 0 && problem === null ? (
        <Nothing view={view} all={head.all} />
      ) : (
        <TableGrid rows={rows} columns={columns} view={view} />
      )}
    </main>
  );
}

/** What a saved view groups by although none of the trials at hand has it. */
const unlisted = (group: string | null, params: readonly TableColumn[]): readonly string[] =>
  group === null || GROUPS.includes(group) || params.some((each) => each.varies && columnId(each) === group)
    ? []
    : [group];

const sayCount = ({ total, all, experiments, groups }: TableHead): string =>
  `${total === all ? plural(total, 'trial') : `${formatCount(total)} of ${plural(all, 'trial')}`}, ` +
  `${plural(experiments, 'experiment')}${groups === null ? '' : `, ${plural(groups, 'group')}`}`;

function Nothing({ view, all }: { readonly view: TableView; readonly all: number }) {
  return (
    <div className="table-nothing dim">
      {all === 0 ? (
        <p>Queue an experiment and it appears here, with its parameters and metrics.</p>
      ) : view.search === '' ? (
        <p>All trials are archived.</p>
      ) : (
        <p>
          No trial fits.{' '}
          <Button tone="plain" size="small" onClick={() => changeView({ search: '' })}>
            Take the filter away
          </Button>
        </p>
      )}
    </div>
  );
}

function SelectionBar() {
  const selection = useView((state) => state.selection);
  useEngine((state) => state.trials);
  useEngine((state) => state.elsewhere);
  const trials = trialsOf(selection);
  if (trials.length === 0) return null;
  return (
    <div className="selection-bar" role="toolbar" aria-label="Actions on the selection">
      <span className="dim">{formatCount(trials.length)} selected</span>
      <ActionButtons
        actions={TRIAL_ACTIONS.filter((action) => ON_THE_BAR.includes(action.id) && action.applies(trials)).toSorted(
          (a, b) => ON_THE_BAR.indexOf(a.id) - ON_THE_BAR.indexOf(b.id),
        )}
        trials={() => trialsOf(selection)}
        moreLabel="More actions on the selection"
      />
    </div>
  );
}
