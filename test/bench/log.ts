/** Logs: opening a very long one at its end, and following one that grows by 50,000 lines a second, without and with a window. */
import fs from 'node:fs';
import path from 'node:path';
import { readEvents } from '../../electron/client/event-stream.ts';
import { attemptFiles } from '../../electron/trials/files/directories.ts';
import { chatterCommand, LINES_PER_SECOND, printedAtMs } from './chatter.ts';
import { benchLogWindow } from './log-window.ts';
import { median, ms, quantile, timeEach } from './measure.ts';
import type { BenchResult } from './report.ts';
import { trialOf, withYard, type Yard } from './yard.ts';

const LONG_LOG_BYTES = 2 ** 30;
const OPENINGS = 20;
/** As much as the window asks for first. */
const OPEN_BYTES = 128 * 1024;
const MOST_OPEN_MS = 150;
const FOLLOW_SECONDS = 10;

export async function benchLog(): Promise<BenchResult[]> {
  return [
    ...(await withYard('log', {}, async (yard) => [await benchOpen(yard), await benchFollow(yard)])),
    ...(await benchLogWindow()),
  ];
}

async function benchOpen(yard: Yard): Promise<BenchResult> {
  const { engine, dataDir } = yard;
  const {
    trialIds: [id = 0],
  } = await engine.api.submit(trialOf(['true']));
  await engine.waitFor('the trial is done', ({ trials }) => trials.get(id)?.state === 'done');
  const total = growLog(attemptFiles(path.join(dataDir, 'trials'), id, 1).log);
  const took = await timeEach(OPENINGS, async () => {
    const answer = await engine.api.raw(`/trials/${id}/attempts/1/log?offset=-${OPEN_BYTES}&limit=${OPEN_BYTES}`);
    const bytes = await answer.arrayBuffer();
    if (bytes.byteLength !== OPEN_BYTES || answer.headers.get('x-log-next') !== String(total))
      throw new Error('this is not the end of the log');
  });
  const first = took[0] ?? Number.NaN;
  return {
    promise: 'open the log of a 1 GiB file at its end',
    figure: `${ms(first)} the first time, ${ms(median(took))} p50, ${ms(quantile(took, 0.99))} at most`,
    target: `under ${MOST_OPEN_MS} ms`,
    pass: quantile(took, 0.99) < MOST_OPEN_MS,
  };
}

/** @returns the length of the log, bytes */
function growLog(file: string): number {
  const block = Buffer.from('epoch 3 step 1234567 loss 0.4321 acc 0.8765 lr 0.000300 1234 images/s\n'.repeat(15_000));
  const handle = fs.openSync(file, 'a');
  let total = fs.fstatSync(handle).size;
  while (total < LONG_LOG_BYTES) total += fs.writeSync(handle, block);
  fs.closeSync(handle);
  return total;
}

/** One reader on the socket, beside the engine on the same machine: the lag is that of the engine and of the way to the reader. */
async function benchFollow({ engine }: Yard): Promise<BenchResult> {
  const {
    trialIds: [id = 0],
  } = await engine.api.submit(trialOf(chatterCommand(FOLLOW_SECONDS)));
  await engine.waitFor('the trial runs', ({ trials }) => trials.get(id)?.state === 'running');
  const answer = await engine.api.raw(`/trials/${id}/attempts/1/log/follow?offset=0`);
  const lags: number[] = [];
  let lines = 0;
  let rest = '';
  if (answer.body !== null) {
    for await (const { event, data } of readEvents(answer.body)) {
      if (event === 'end') break;
      if (event !== 'chunk') continue;
      const nowMs = Date.now();
      const { text } = JSON.parse(data) as { text: string };
      const pieces = (rest + Buffer.from(text, 'base64').toString('latin1')).split('\n');
      rest = pieces.pop() ?? '';
      lines += pieces.length;
      const printedMs = printedAtMs(pieces.at(-1) ?? '');
      if (printedMs !== null) lags.push(nowMs - printedMs);
    }
  }
  const lost = FOLLOW_SECONDS * LINES_PER_SECOND - lines;
  return {
    promise: `follow ${LINES_PER_SECOND.toLocaleString('en-US')} lines a second through the API`,
    figure:
      `${lost} of ${(FOLLOW_SECONDS * LINES_PER_SECOND).toLocaleString('en-US')} lines lost; ` +
      `${ms(median(lags))} p50, ${ms(quantile(lags, 0.99))} p99 behind the program`,
    target: 'no line lost',
    pass: lost === 0,
  };
}
