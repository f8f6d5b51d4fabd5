/**
 * The two windows the specs run in: a page of Chromium, or the desktop app as a client of the same engine.
 * Both show the engine that the fixture started, so that a spec can kill it and start it again under the window.
 */
import path from 'node:path';
import process from 'node:process';
import { _electron, chromium, type Browser, type Page } from '@playwright/test';
import type { EngineProcess } from '../../support/engine-process.ts';
import { findElectron } from '../../../electron/start/electron-binary.ts';
import { chromiumOptions } from './chromium.ts';

export const ROOT = path.resolve(import.meta.dirname, '../../..');

export interface WindowOptions {
  readonly width: number;
  readonly height: number;
  /** What the system prefers; the engine's setting wins over it. */
  readonly colorScheme: 'light' | 'dark';
}

export interface OpenWindow {
  readonly page: Page;
  close(): Promise<void>;
}

export interface Shell {
  readonly kind: 'browser' | 'electron';
  /** Why it cannot run here; null when it can. */
  readonly obstacle: string | null;
  /** @param onPage told of the page before it loads anything */
  open(engine: EngineProcess, options: WindowOptions, onPage: (page: Page) => void): Promise<OpenWindow>;
  close(): Promise<void>;
}

/** @returns the shell that E2E_SHELL names, started but without a window */
export async function startShell(): Promise<Shell> {
  return process.env['E2E_SHELL'] === 'electron' ? desktopShell() : browserShell();
}

async function browserShell(): Promise<Shell> {
  const browser: Browser = await chromium.launch(chromiumOptions());
  return {
    kind: 'browser',
    obstacle: null,
    async open(engine, { width, height, colorScheme }, onPage) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      onPage(page);
      await page.goto(engine.url);
      return { page, close: () => context.close() };
    },
    close: () => browser.close(),
  };
}

function desktopShell(): Shell {
  const executablePath = findElectron(ROOT);
  return {
    kind: 'electron',
    obstacle: findObstacle(executablePath),
    async open(engine, { width, height, colorScheme }, onPage) {
      if (executablePath === null) throw new Error('there is no Electron to launch');
      const app = await _electron.launch({
        executablePath,
        args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ROOT],
        env: { ...definedEnvironment(), SWITCHYARD_HOME: engine.dataDir },
        colorScheme,
      });
      const page = await app.firstWindow();
      onPage(page);
      await page.setViewportSize({ width, height });
      return { page, close: () => app.close() };
    },
    close: () => Promise.resolve(),
  };
}

function findObstacle(executablePath: string | null): string | null {
  if (executablePath === null) return 'Electron’s binary is not here: run npx install-electron';
  const hasDisplay = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (process.env[name] ?? '') !== '');
  return process.platform === 'linux' && !hasDisplay ? 'there is no display: run under xvfb-run -a' : null;
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
