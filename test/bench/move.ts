/** What a move costs when the line is long: the last of 100,000 goes to the top. */
import { withBusyYard } from './busy-machine.ts';
import { median, ms, quantile, timeEach } from './measure.ts';
import type { BenchResult } from './report.ts';

const QUEUED = 100_000;
const MOVES = 101;
const MOST_MS = 5;

export async function benchMove(): Promise<BenchResult[]> {
  return await withBusyYard('move', QUEUED, async ({ engine, query, lastId }) => {
    const revisions = (): number => query<{ sum: number }>('SELECT SUM(revision) AS sum FROM trial')[0]?.sum ?? 0;
    // Another one each time, from the end of the line.
    const move = (index: number): Promise<unknown> =>
      engine.api.act({ action: 'move', trialIds: [lastId - index], to: { place: 'top' } });
    const health = (): Promise<unknown> => engine.api.call('GET', '/health');
    await timeEach(50, async (index) => {
      await move(MOVES + index);
      await health();
    });
    const before = revisions();
    const took: number[] = [];
    const bare: number[] = [];
    // In turns, so that what else the machine does hits both alike.
    for (let index = 0; index < MOVES; index++) {
      took.push(...(await timeEach(1, () => move(index))));
      bare.push(...(await timeEach(1, health)));
    }
    const rowsPerMove = (revisions() - before) / MOVES;
    // What the answer to an empty request takes is not the move's.
    const inEngineMs = median(took) - median(bare);
    return [
      {
        promise: 'moving the last of 100,000 to the top',
        figure:
          `${ms(inEngineMs)} in the engine (${ms(median(took))} p50, ${ms(quantile(took, 0.99))} p99 with the ` +
          `way through the socket); ${rowsPerMove} trial ${rowsPerMove === 1 ? 'row' : 'rows'} written`,
        target: `under ${MOST_MS} ms, one row`,
        pass: inEngineMs < MOST_MS && rowsPerMove === 1,
        peer: 'tsp -u: its line holds about 1,000',
      },
    ];
  });
}
