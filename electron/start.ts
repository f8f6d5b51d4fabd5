/**
 * `npm start`: builds what is out of date, then opens the desktop window, or where that cannot be the headless
 * engine with a page for the browser, and says in one line why. `npm start -- --headless` asks for the latter;
 * other flags go to the headless engine (`npm start -- --headless --port 7717`).
 */
import path from 'node:path';
import process from 'node:process';
import { ensureBundle } from './start/bundles.ts';
import type { Bundle } from './start/bundles.ts';
import { provideElectron } from './start/electron-binary.ts';
import { runWindow } from './start/run-window.ts';
import { findWindowObstacle, NO_SANDBOX_FLAG } from './start/window-obstacle.ts';

const ROOT = path.dirname(import.meta.dirname);

const args = process.argv.slice(2);
const flags = args.filter((one) => one !== '--headless');
const isHelp = flags.includes('--help') || flags.includes('-h');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

process.exitCode = args.includes('--headless') || isHelp ? await runHeadless(null) : await openWindow();

async function openWindow(): Promise<number> {
  const obstacle = findWindowObstacle({
    platform: process.platform,
    env: process.env,
    uid: process.getuid?.() ?? null,
    args: flags,
  });
  if (obstacle !== null) return runHeadless(obstacle);
  const electron = await provideElectron(ROOT, () => say('Downloading Electron, once …'));
  if (electron.kind === 'missing') return runHeadless(electron.why);
  if (!(await build('desktop'))) return runHeadless('The window could not be built');
  await buildCommandLine();
  const end = await runWindow(electron.file, ROOT, flags);
  if (end.kind === 'ended') return end.exitCode;
  say([`The window did not open. ${end.why}.`, ...end.remedy].join('\n'));
  return runHeadless('Until then');
}

/** @param reason why there is no window; null when none was asked for */
async function runHeadless(reason: string | null): Promise<number> {
  if (reason !== null) say(`${reason}: running headless. Open the address below in a browser.`);
  // Without its page the engine still serves the command line.
  if (!isHelp) {
    await build('ui');
    await buildCommandLine();
  }
  const { serve } = await import('./serve.ts');
  // That one is for a window.
  return serve(flags.filter((one) => one !== NO_SANDBOX_FLAG));
}

/** @returns whether there is a bundle; an older one is better than none */
async function build(bundle: Bundle): Promise<boolean> {
  const result = await ensureBundle(ROOT, bundle, () => say('Building the user interface …'));
  if (result.kind === 'stale') say(`Building failed, an older user interface is used:\n${result.why}`);
  if (result.kind === 'failed') say(`The user interface could not be built:\n${result.why}`);
  return result.kind !== 'failed';
}

/** For the commands typed while it runs; without it they start slower. */
async function buildCommandLine(): Promise<void> {
  await ensureBundle(ROOT, 'cli', () => undefined);
}
