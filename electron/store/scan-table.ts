/** Reads the trials of the experiments table by what they are filtered, sorted and grouped by, a stretch of ids at a time. */
import type { Database } from 'better-sqlite3';
import type { SearchQuery } from '../text/search-query.ts';
import type { FactColumn } from '../text/table-columns.ts';
import type { CellValue } from '../text/flat-params.ts';
import { PART_END } from './search-text.ts';
import { asksForArchived, conditionsOf, createBinds, readsText } from './trial-conditions.ts';

/** Time on GPUs, hours: frozen time is not counted, the GPU's memory is held but nothing is done. */
const GPU_HOURS = `(SELECT SUM(json_array_length(a.slots) * MAX(0, COALESCE(a.ended_at_ms, @nowMs) - a.started_at_ms - a.frozen_ms)) / 3600000.0
  FROM attempt a WHERE a.trial_id = trial.id AND a.started_at_ms IS NOT NULL)`;

const FACTS: Readonly<Record<FactColumn, string>> = {
  id: 'trial.id',
  name: `substr(trial_text.text, 1, instr(trial_text.text, '${PART_END}') - 1)`,
  experiment: 'trial.experiment_id',
  state: 'COALESCE(trial.outcome_kind, trial.state)',
  submitted: 'trial.submitted_at_ms',
  started: 'trial.started_at_ms',
  ended: 'trial.ended_at_ms',
  duration:
    'CASE WHEN trial.started_at_ms IS NULL THEN NULL ELSE COALESCE(trial.ended_at_ms, @nowMs) - trial.started_at_ms END',
  gpuHours: GPU_HOURS,
  priority: 'trial.priority',
  pool: 'trial.pool_id',
  code: `(SELECT COALESCE(json_extract(e.snapshot_info, '$.base.commit'), e.snapshot) FROM experiment e WHERE e.id = trial.experiment_id)`,
  labels: `(SELECT NULLIF(lower(t.labels), '[]') FROM trial t WHERE t.id = trial.id)`,
  starred: 'NULLIF(trial.starred, 0)',
};

/** The trial, its experiment, then each fact asked for; null = it has none. */
export type ScannedRow = readonly [id: number, experimentId: number, ...values: (CellValue | null)[]];

export interface TableScan {
  /** @returns those of the ids in from..to that fit, ascending */
  read(from: number, to: number): ScannedRow[];
}

/** @param nowMs until when trials that still run have run */
export function scanTable(
  db: Database,
  question: {
    readonly query: SearchQuery;
    /** null = both; where the search itself asks for archived ones it decides. */
    readonly archived: boolean | null;
    readonly facts: readonly FactColumn[];
  },
  nowMs: number,
): TableScan {
  const { bind, values } = createBinds();
  const conditions = conditionsOf(db, question.query, bind);
  if (question.archived !== null && !asksForArchived(question.query))
    conditions.push(`trial.archived = ${question.archived ? '1' : '0'}`);
  const fields = question.facts.map((fact) => FACTS[fact]);
  const needsText = readsText(question.query) || question.facts.includes('name');
  // Of the trials only the index is read: the rows themselves hold commands and parameters, kilobytes each.
  const sql = `SELECT ${['trial.id', 'trial.experiment_id', ...fields].join(', ')} FROM trial INDEXED BY trial_facts
    ${needsText ? 'CROSS JOIN trial_text ON trial_text.trial_id = trial.id' : ''}
    WHERE trial.id BETWEEN @from AND @to ${conditions.map((one) => `AND ${one}`).join(' ')}`;
  const statement = db.prepare<[Record<string, string | number>], ScannedRow>(sql).raw();
  const named = sql.includes('@nowMs') ? { ...values, nowMs } : values;
  return { read: (from, to) => statement.all({ ...named, from, to }) };
}

/** Time on GPUs so far, hours; null = it never had one */
export function readGpuHours(db: Database, trialId: number, nowMs: number): number | null {
  return (
    (db
      .prepare<[{ trialId: number; nowMs: number }], number | null>(
        `SELECT ${GPU_HOURS} FROM (SELECT @trialId AS id) trial`,
      )
      .pluck()
      .get({ trialId, nowMs }) as number | null | undefined) ?? null
  );
}
