/**
 * The command line of an AppImage: `switchyard` in ~/.local/bin, put there and taken away by a menu item, after a question. What runs
 * is a copy, because the AppImage's own files are there only as long as its window.
 *
 *   absent -> installed -> absent        foreign: something else has that name, and is left alone
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { dialog, type BrowserWindow } from 'electron';
import { commandLineBox } from './command-line-policy.ts';

export interface CommandLineOptions {
  /** The packaged command line: a directory with `switchyard` in it. */
  readonly source: string;
  /** Where copies are kept, one directory each version. */
  readonly copies: string;
  readonly version: string;
  readonly home: string;
  /** As a terminal of the user's would search. */
  readonly searchPath: () => string;
  readonly window: () => BrowserWindow | null;
  readonly log: (message: string, error: unknown) => void;
}

export interface CommandLine {
  /** Asks, and puts it there or takes it away. Never rejects. */
  ask(): Promise<void>;
  /** An installed one of another version becomes this one's. Never rejects. */
  refresh(): Promise<void>;
}

export function createCommandLine(options: CommandLineOptions): CommandLine {
  const { copies, source, log } = options;
  const bin = path.join(options.home, '.local', 'bin');
  const link = path.join(bin, 'switchyard');
  const copy = path.join(copies, options.version);

  /** @returns where the link of ours leads; null when there is nothing; 'foreign' for something else */
  async function look(): Promise<{ readonly target: string } | 'foreign' | null> {
    try {
      const target = await fs.readlink(link);
      return target.startsWith(copies + path.sep) ? { target } : 'foreign';
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      return 'foreign';
    }
  }

  async function install(): Promise<void> {
    const fresh = path.join(copies, `${randomUUID()}.new`);
    await fs.mkdir(copies, { recursive: true, mode: 0o700 });
    try {
      await fs.cp(source, fresh, { recursive: true });
      await fs.rm(copy, { recursive: true, force: true });
      await fs.rename(fresh, copy);
      await fs.mkdir(bin, { recursive: true });
      // In one step: a shell that looks meanwhile finds the old one or the new one.
      const freshLink = path.join(bin, `.switchyard-${randomUUID()}`);
      await fs.symlink(path.join(copy, 'switchyard'), freshLink);
      await fs.rename(freshLink, link);
    } finally {
      await fs.rm(fresh, { recursive: true, force: true });
    }
    // A command that runs at this moment keeps its open files.
    for (const name of await fs.readdir(copies))
      if (name !== options.version) await fs.rm(path.join(copies, name), { recursive: true, force: true });
  }

  async function remove(): Promise<void> {
    await fs.unlink(link);
    await fs.rm(copies, { recursive: true, force: true });
  }

  async function say(box: Electron.MessageBoxOptions): Promise<number> {
    const window = options.window();
    const { response } = await (window === null ? dialog.showMessageBox(box) : dialog.showMessageBox(window, box));
    return response;
  }

  return {
    async ask() {
      try {
        const found = await look();
        const state = found === null ? 'absent' : found === 'foreign' ? 'foreign' : 'installed';
        const isOnPath = options.searchPath().split(path.delimiter).includes(bin);
        const chosen = await say(commandLineBox({ state, link, isOnPath }));
        if (state === 'foreign' || chosen !== 0) return;
        await (state === 'absent' ? install() : remove());
      } catch (error) {
        log('the command line could not be put there or taken away', error);
        await say({
          type: 'error',
          message: 'The command line could not be changed',
          detail: `${error instanceof Error ? error.message : String(error)}\n\nFree some room or mend the permissions, then try again.`,
          buttons: ['OK'],
        }).catch((also: unknown) => log('a message could not be shown', also));
      }
    },
    async refresh() {
      try {
        const found = await look();
        if (found === null || found === 'foreign' || found.target === path.join(copy, 'switchyard')) return;
        await install();
      } catch (error) {
        log('the command line could not be brought to this version', error);
      }
    },
  };
}
