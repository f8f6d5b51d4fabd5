/**
 * The engine's program, for whoever starts it or loads a part of it. A clone runs the engine from its sources; a package has it built and no
 * sources, because Node refuses to run TypeScript below node_modules.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { EngineAwayError, OtherNodeNeeded } from './client-errors.ts';
import { findBundledNode, OLDEST_NODE, runsTypeScript } from './other-node.mjs';
import { PROGRAM_ROOT } from './program-root.ts';

/** Modules of the engine that are run, or loaded at run time, from outside of it: name of the built one -> its source. */
export const ENGINE_MODULES = {
  serve: 'electron/serve.ts',
  doctor: 'electron/engine/doctor.ts',
  'understand-live': 'native/gpu/understand-live.ts',
} as const;
/** As resources/packaging names it. */
const DESKTOP_PROGRAM = process.platform === 'win32' ? 'Switchyard.exe' : 'switchyard-desktop';

export type EngineModule = keyof typeof ENGINE_MODULES;

/** Sources are there to be changed: a page and a command line are built when they are out of date. */
export function isClone(): boolean {
  return fs.existsSync(path.join(PROGRAM_ROOT, ENGINE_MODULES.serve));
}

/**
 * @returns the absolute path of a module of the engine
 * @throws EngineAwayError in a package of the desktop app, whose engine comes with its window
 */
export function engineModule(name: EngineModule): string {
  if (findDesktopProgram() !== null)
    throw new EngineAwayError(
      'This Switchyard came with the desktop app, whose engine runs behind its window only.',
      'Start the app first. For an engine without a window: npm install -g switchyard, with Node 20 or newer.',
    );
  return path.join(PROGRAM_ROOT, isClone() ? ENGINE_MODULES[name] : path.join('out', 'engine', `${name}.js`));
}

/**
 * In a package of the desktop app the command line lies in resources/cli.
 * @returns the window's program; null in a clone and in the npm package
 */
function findDesktopProgram(): string | null {
  const file = path.join(PROGRAM_ROOT, '..', '..', DESKTOP_PROGRAM);
  return path.basename(PROGRAM_ROOT) === 'cli' && fs.existsSync(file) ? file : null;
}

/**
 * What starts an engine in the background.
 * @throws EngineAwayError when there is nothing that can
 */
export function engineCommand(env: NodeJS.ProcessEnv): { readonly program: string; readonly args: readonly string[] } {
  const desktop = findDesktopProgram();
  if (desktop === null) return { program: engineNode(), args: [engineModule('serve')] };
  // Up in the tray, as at login. Without a display there is no window, and without a window no engine of the app's.
  const hasDisplay = process.platform !== 'linux' || Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY']);
  if (hasDisplay) return { program: desktop, args: ['--hidden'] };
  throw new EngineAwayError(
    'No engine runs, and the desktop app cannot be started from here: there is no display.',
    'Start the app on the desktop of this machine. For an engine without a window: npm install -g switchyard, with Node 20 or newer.',
  );
}

/** @returns whether this very process can run modules of the engine */
export function canRunEngine(): boolean {
  return runsTypeScript(process.versions.node);
}

/**
 * @returns the Node that runs the engine: this one, or the one that came with the dependencies
 * @throws EngineAwayError when there is none
 */
export function engineNode(): string {
  if (canRunEngine()) return process.execPath;
  const node = findBundledNode(path.join(PROGRAM_ROOT, 'package.json'));
  if (node === null)
    throw new EngineAwayError(
      `The engine needs Node ${OLDEST_NODE} or newer and found only ${process.versions.node} (${process.execPath}).`,
      'It brings its own as the npm package "node": install Switchyard again (without --ignore-scripts), or install a newer Node.',
    );
  return node;
}

/**
 * Loads a module of the engine into this process. The type is the caller's word: the namespace of its source.
 * @throws OtherNodeNeeded
 */
export async function loadEngineModule<T>(name: EngineModule): Promise<T> {
  if (!canRunEngine()) throw new OtherNodeNeeded();
  return (await import(pathToFileURL(engineModule(name)).href)) as T;
}
