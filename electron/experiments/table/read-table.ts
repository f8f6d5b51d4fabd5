/**
 * The table of experiments as windows into an order of trials.
 *
 * States: an order is made for a question, kept under a name, and forgotten when newer ones come or its time is over. Invariants: the same
 * name means the same trials in the same places; values are those of the moment they are read; what was deleted since leaves a gap.
 */
import type { Database } from 'better-sqlite3';
import type { TableAnswer, TableItem, TableQuestion, TableWindowBody } from '../../contract/table.ts';
import type { Trial } from '../../contract/trials.ts';
import { takeTurns } from '../../ports/turns.ts';
import { countList, getTrialRow, type TrialRow } from '../../store/trials.ts';
import { getExperiment } from '../../store/experiments.ts';
import type { ColumnRef } from '../../text/table-columns.ts';
import { knownColumn } from './known-column.ts';
import { createCellReader } from './read-cells.ts';
import { orderTrials, type TrialGroup, type TrialOrder } from './order-trials.ts';
import { rowsInSight } from './rows-in-sight.ts';

/** Orders that are kept: of a hundred thousand trials each is 400 kB. */
const MAX_ORDERS = 8;

export interface TableDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  readonly toTrial: (row: TrialRow) => Trial;
}

interface KeptOrder {
  readonly asked: string;
  readonly order: TrialOrder;
}

export interface ExperimentTable {
  /** @throws SwitchyardError invalid_search, invalid_request */
  window(body: TableWindowBody): Promise<TableAnswer>;
  /** The trials that fit, in their order: that of an answer before while it is kept. */
  orderOf(question: TableQuestion, name: string | null): Promise<{ readonly name: string; readonly order: TrialOrder }>;
}

export function createExperimentTable(deps: TableDeps): ExperimentTable {
  const { db } = deps;
  const kept = new Map<string, KeptOrder>();
  let made = 0;

  async function orderOf(
    question: TableQuestion,
    name: string | null,
  ): Promise<{ readonly name: string; readonly order: TrialOrder }> {
    const asked = JSON.stringify([question.search, question.archived, question.sort, question.group]);
    const known = name === null ? undefined : kept.get(name);
    if (name !== null && known?.asked === asked) {
      // The one that was looked at last is forgotten last.
      kept.delete(name);
      kept.set(name, known);
      return { name, order: known.order };
    }
    const order = await orderTrials(db, question, deps.nowMs());
    made += 1;
    const fresh = `${deps.nowMs().toString(36)}-${made}`;
    kept.set(fresh, { asked, order });
    for (const oldest of kept.keys()) if (kept.size > MAX_ORDERS) kept.delete(oldest);
    return { name: fresh, order };
  }

  return {
    orderOf,
    async window(body) {
      const refs = body.columns.map((id, at) => knownColumn(id, `columns.${at}`));
      const { name, order } = await orderOf(body, body.order);
      const { length, rows } = rowsInSight(order, new Set(body.folded), body.offset, body.limit);
      const cells = createCellReader(db, refs, deps.nowMs());
      const group = body.group === null ? null : knownColumn(body.group, 'group');
      const pace = await takeTurns();
      const items: TableItem[] = [];
      for (const row of rows) {
        await pace.step();
        if (row.kind === 'group') {
          const first = getTrialRow(db, order.ids[row.group.start] ?? 0);
          items.push({
            kind: 'group',
            key: row.group.key,
            label: groupLabel(db, group, row.group),
            count: row.group.count,
            folded: row.folded,
            cells: first === null ? refs.map(() => null) : cells(first),
          });
          continue;
        }
        const trial = getTrialRow(db, row.id);
        items.push(
          trial === null
            ? { kind: 'gone', id: row.id }
            : { kind: 'trial', trial: deps.toTrial(trial), cells: cells(trial) },
        );
      }
      return {
        order: name,
        total: order.ids.length,
        all: countList(db, { archived: null, isDone: false }),
        experiments: order.experiments,
        groups: order.groups?.length ?? null,
        length,
        offset: body.offset,
        items,
      };
    },
  };
}

function groupLabel(db: Database, ref: ColumnRef | null, { key }: TrialGroup): string {
  if (ref?.kind === 'fact' && ref.fact === 'experiment')
    return getExperiment(db, Number(key))?.name ?? `experiment ${key}`;
  return key;
}
