/** The table of experiments with 100,000 trials that each have all of 300 columns: the first rows, and sorting and filtering over everything. */
import os from 'node:os';
import Sqlite from 'better-sqlite3';
import type { TableAnswer, TableWindowInput } from '../../electron/contract/table.ts';
import { dataPaths } from '../../electron/ports/data-dir.ts';
import { median, ms, timeEach } from './measure.ts';
import type { BenchResult } from './report.ts';
import { seedQueue } from './seed.ts';
import { makeDirectory, withYard } from './yard.ts';

const TRIALS = 100_000;
const PARAMS = 150;
const METRICS = 150;
/** That many have not ended. */
const WAITING = 100;
const ROUNDS = 7;
const FIRST_MS = 300;
const CHANGE_MS = 500;
/** What a window shows at first. */
const SHOWN = 40;

/** Cells as submits and reports leave them, a column at a time: 30 million of them one by one would take minutes. */
function seedColumns(dataDir: string): void {
  const db = new Sqlite(dataPaths(dataDir, process.platform, os.tmpdir()).database);
  try {
    db.pragma('synchronous = OFF');
    const column = db.prepare('INSERT INTO cell_column (kind, name) VALUES (?, ?)');
    // A multiplicative hash of trial and column stands for chance: the same in every run.
    const draw = (at: number): string => `((id * 2654435761 + ${at * 40_503}) % 1000003) / 1000003.0`;
    const names = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, at) => `${prefix}${at}`);
    for (const [at, name] of names('p', PARAMS).entries()) {
      const id = Number(column.run('param', name).lastInsertRowid);
      const value = at % 3 === 0 ? 'seven' : null;
      db.exec(
        `INSERT INTO param_cell SELECT ${id}, id, ${value === null ? draw(at) : `'${value}' || (id % ${at + 2})`} FROM trial ORDER BY id`,
      );
    }
    for (const [at, name] of names('loss_', METRICS).entries()) {
      const id = Number(column.run('metric', name).lastInsertRowid);
      db.exec(
        `INSERT INTO metric_cell SELECT ${id}, id, ${draw(at)}, 100, ${draw(at)} / 2, ${draw(at)} + 1 FROM trial ORDER BY id`,
      );
    }
    const hparams = JSON.stringify(Object.fromEntries(names('p', PARAMS).map((name) => [name, 0.123456789])));
    // All but a few have ended: a queue is short, what was tried is long.
    db.prepare(
      `UPDATE trial SET hparams = ?, state = 'done', outcome = '{"kind":"completed","exitCode":0,"code":"exit","message":"","remedy":null}',
        attempt = 1, started_at_ms = submitted_at_ms + id, ended_at_ms = submitted_at_ms + 2 * id WHERE id <= ?`,
    ).run(hparams, TRIALS - WAITING);
  } finally {
    db.close();
  }
}

export async function benchTable(): Promise<BenchResult[]> {
  const dataDir = makeDirectory('table');
  seedQueue(dataDir, 0, TRIALS);
  seedColumns(dataDir);
  return await withYard('table', { dataDir }, async ({ engine }) => {
    const { call } = engine.api;
    await call('POST', '/pools/workstation/actions', { action: 'pause' });
    const columns = Array.from({ length: SHOWN }, (_, at) => (at % 2 === 0 ? `param:p${at}` : `best:loss_${at}`));
    const ask = async (over: TableWindowInput): Promise<TableAnswer> =>
      (await call('POST', '/table', { columns, limit: 60, ...over })) as TableAnswer;
    // Each round asks something else: nothing kept of the round before answers it.
    const rounds = (over: (round: number) => TableWindowInput): Promise<number[]> =>
      timeEach(ROUNDS, (round) => ask(over(round)));
    const coldMs = (await timeEach(1, () => ask({})))[0] ?? Number.NaN;
    const first = await rounds(() => ({}));
    const sortOne = await rounds((round) => ({ sort: [{ column: `best:loss_${round + 3}`, order: 'asc' }] }));
    const sortTwo = await rounds((round) => ({
      sort: [
        { column: `param:p${3 * round}`, order: 'asc' },
        { column: `last:loss_${round}`, order: 'desc' },
      ],
    }));
    const filter = await rounds((round) => ({
      search: `(p${3 * round + 1}>0.2 and loss_${round}<0.3) or p${3 * round}=seven1`,
    }));
    const text = await rounds((round) => ({ search: `sweep ${round}7 or p1<0.1` }));
    const grouped = await rounds((round) => ({
      group: `param:p${3 * round + 3}`,
      sort: [{ column: `best:loss_${round}`, order: 'asc' }],
    }));
    const { order } = await ask({});
    const scroll = await timeEach(20, (at) => ask({ order, offset: at * 4_900 }));
    const row = (what: string, took: readonly number[], mostMs: number): BenchResult => ({
      promise: `experiments table, ${TRIALS.toLocaleString('en')} trials with ${PARAMS + METRICS} columns: ${what}`,
      figure: `${ms(median(took))} (at most ${ms(Math.max(...took))})`,
      target: `under ${mostMs} ms`,
      pass: median(took) < mostMs,
    });
    return [
      row('first rows after the start', [coldMs], FIRST_MS),
      row('first rows', first, FIRST_MS),
      row('sort by a metric', sortOne, CHANGE_MS),
      row('sort by a parameter, then a metric', sortTwo, CHANGE_MS),
      row('filter with and, or', filter, CHANGE_MS),
      row('filter by text', text, CHANGE_MS),
      row('group by a parameter, sort by a metric', grouped, CHANGE_MS),
      row('scroll anywhere', scroll, CHANGE_MS),
    ];
  });
}
