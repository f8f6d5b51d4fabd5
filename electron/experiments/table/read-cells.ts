/** What stands in the columns of one trial. */
import type { Database } from 'better-sqlite3';
import type { CellValue } from '../../contract/table.ts';
import { findColumn, metricField, readMetricCell, readParamCell } from '../../store/cells.ts';
import { getExperiment } from '../../store/experiments.ts';
import { readGpuHours } from '../../store/scan-table.ts';
import type { TrialRow } from '../../store/trials.ts';
import type { ColumnRef, FactColumn } from '../../text/table-columns.ts';

/** As git shows a commit where there is little room. */
const SHORT_HASH = 7;

/**
 * @param nowMs until when trials that still run have run
 * @returns reads the values of these columns of a trial; null = it has none
 */
export function createCellReader(
  db: Database,
  refs: readonly ColumnRef[],
  nowMs: number,
): (trial: TrialRow) => CellValue[] {
  const readers = refs.map((ref): ((trial: TrialRow) => CellValue) => {
    if (ref.kind === 'fact') return (trial) => readFact(db, ref.fact, trial, nowMs);
    const columnId = findColumn(db, ref.kind, ref.name);
    if (columnId === null) return () => null;
    if (ref.kind === 'param') return (trial) => readParamCell(db, columnId, trial.id);
    const field = metricField(ref.name, ref.part);
    return (trial) => readMetricCell(db, columnId, trial.id)?.[field] ?? null;
  });
  return (trial) => readers.map((read) => read(trial));
}

function readFact(db: Database, fact: FactColumn, trial: TrialRow, nowMs: number): CellValue {
  switch (fact) {
    case 'id':
      return trial.id;
    case 'name':
      return trial.name;
    case 'experiment':
      return trial.experimentId;
    case 'state':
      return trial.outcome?.kind ?? trial.state;
    case 'submitted':
      return trial.submittedAtMs;
    case 'started':
      return trial.startedAtMs;
    case 'ended':
      return trial.endedAtMs;
    case 'duration':
      return trial.startedAtMs === null ? null : (trial.endedAtMs ?? nowMs) - trial.startedAtMs;
    case 'gpuHours':
      return readGpuHours(db, trial.id, nowMs);
    case 'priority':
      return trial.priority;
    case 'pool':
      return trial.poolId;
    case 'code':
      return readCode(db, trial.experimentId);
    case 'labels':
      return trial.labels.length === 0 ? null : trial.labels.join(', ');
    case 'starred':
      return trial.starred ? 1 : null;
  }
}

/** @returns the commit it is based on, with a + where it differs from that; else the snapshot; null = it has no code of its own */
function readCode(db: Database, experimentId: number): string | null {
  const experiment = getExperiment(db, experimentId);
  const base = experiment?.snapshotInfo?.base ?? null;
  if (base !== null) return `${base.commit.slice(0, SHORT_HASH)}${base.dirty === true ? '+' : ''}`;
  return experiment?.snapshot?.slice(0, SHORT_HASH) ?? null;
}
