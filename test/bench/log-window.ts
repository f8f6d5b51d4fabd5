/** The window while it follows 50,000 lines a second: how long it stands still at most. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { measureFrames } from '../e2e/support/frames.ts';
import { createScreen } from '../e2e/support/screen.ts';
import { startShell, type Shell } from '../e2e/support/shells.ts';
import { findChromium } from '../runner/components.ts';
import { chatterCommand, LINES_PER_SECOND } from './chatter.ts';
import { skipped, type BenchResult } from './report.ts';
import { trialOf, withYard } from './yard.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MEASURE_MS = 8_000;
/** The program goes on while the window opens and is measured. */
const PROGRAM_SECONDS = 20;
const MOST_FRAME_MS = 50;
const PROMISE = `the window while it follows ${LINES_PER_SECOND.toLocaleString('en-US')} lines a second`;
const BESIDE = `, beside ${os.availableParallelism()} programs that keep every core busy`;
const TARGET = `no frame over ${MOST_FRAME_MS} ms`;

export async function benchLogWindow(): Promise<BenchResult[]> {
  if (findChromium() === null) return [skipped(PROMISE, TARGET, 'Chromium is not installed')];
  if (!fs.existsSync(path.join(ROOT, 'out', 'renderer', 'index.html')))
    return [skipped(PROMISE, TARGET, 'the UI is not built; run npm run build')];
  const shell = await startShell();
  try {
    return [await follow(shell, ''), await besideOthers(() => follow(shell, BESIDE))];
  } finally {
    await shell.close();
  }
}

/** As many programs as there are cores keep them busy meanwhile. */
async function besideOthers(work: () => Promise<BenchResult>): Promise<BenchResult> {
  const others = Array.from({ length: os.availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    return await work();
  } finally {
    for (const other of others) other.kill('SIGKILL');
  }
}

/** @param where added to the promise */
async function follow(shell: Shell, where: string): Promise<BenchResult> {
  return await withYard('window', {}, async ({ engine }) => {
    const window = await shell.open(engine, { width: 1440, height: 900, colorScheme: 'light' }, () => undefined);
    const screen = createScreen(window.page);
    const {
      trialIds: [id = 0],
    } = await engine.api.submit(trialOf(chatterCommand(PROGRAM_SECONDS)));
    await engine.waitFor('the trial runs', ({ trials }) => trials.get(id)?.state === 'running');
    await screen.inspect(id);
    await screen.tab('Log').click();
    await screen.log
      .getByText(/loss 0.4321/)
      .first()
      .waitFor();
    const frames = await measureFrames(window.page, () => delay(MEASURE_MS));
    await window.close();
    await engine.api.act({ action: 'kill', trialIds: [id] });
    await engine.waitFor('the trial has ended', ({ trials }) => trials.get(id)?.state === 'done');
    return {
      promise: `${PROMISE}${where}`,
      figure:
        `longest frame ${frames.longestMs.toFixed(0)} ms, 95 % within ${frames.p95Ms.toFixed(0)} ms, ` +
        `${frames.overFiftyMs} of ${frames.frames} over ${MOST_FRAME_MS} ms (Chromium without a GPU, load ${os.loadavg()[0]?.toFixed(1) ?? '?'})`,
      target: TARGET,
      pass: frames.overFiftyMs === 0,
    };
  });
}
