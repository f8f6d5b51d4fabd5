/** Runs the real main.ts on the fake of electron and a fake engine: what is set up, in which order, and what the guards do. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SwitchyardError } from '../../../electron/contract/errors.ts';
import type { Changes, FeedFrames } from '../../../electron/contract/feed.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../../electron/contract/settings.ts';
import type { EngineStartOptions } from '../../../electron/ports/engine-api.ts';
import type { EngineProcessOrder } from '../../../electron/ports/engine-process.ts';
import { createSocketFetch } from '../../../electron/client/socket-fetch.ts';
import { openSocketDoor } from '../../../electron/doors/socket-door.ts';
import * as electron from '../../fakes/electron.ts';
import { loadThroughElectron } from '../../fakes/electron-protocol.ts';
import { createFakeEngine, temporaryDirectory, type FakeEngine } from '../../fakes/engine.ts';
import { runForReal } from '../../support/real-utility.ts';

const { app, fake, preventable } = electron;
const engineModule = {
  startEngine: (_options: EngineStartOptions): Promise<FakeEngine> => Promise.reject(new Error('not set')),
};
// Not hoisted: main.ts gets the very fake this file holds.
vi.doMock('electron', () => electron);
vi.doMock('../../../electron/engine/engine.ts', () => ({
  startEngine: (options: EngineStartOptions) => engineModule.startEngine(options),
}));

let dir = '';
const ownPath = process.env['PATH'] ?? '';
let engine: FakeEngine;
let settings: Settings;
const ours = 'app://switchyard';
const pool = { id: 'workstation', name: 'Workstation', state: 'open' };

function snapshot(): object {
  return {
    seq: 10,
    settings,
    pools: [pool],
    trials: [
      { id: 1, state: 'running' },
      { id: 2, state: 'queued' },
      { id: 3, state: 'done' },
    ],
  };
}
function changes(fields: object): { event: 'changes'; data: Changes } {
  return {
    event: 'changes',
    data: { trials: [], removedTrials: [], pools: [], removedPools: [], ...fields } as unknown as Changes,
  };
}
const finished = (fields: Partial<FeedFrames['finished']> = {}) =>
  ({
    event: 'finished',
    data: { trialId: 1, name: 'resnet', outcome: 'completed', message: '', ranMs: 90_000, ...fields },
  }) as const;

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error('there is none');
  return item;
}
const window = (): electron.BrowserWindow => first(fake.windows);
const tray = (): electron.Tray => first(fake.trays);
const label = (text: string) => tray().menu.find((item) => item.label === text);

/** Waits for something to become true; the deadline is for machines under load. */
const eventually = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 15_000, interval: 10 });

/** The session bus, as far as it is asked for a tray. */
function answerBusctl(script: string): void {
  fs.mkdirSync(path.join(dir, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'bin', 'busctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

let starts = 0;
/** Evaluates main.ts once more, as a start of the program; what it imports is loaded once. */
async function startProgram(): Promise<void> {
  starts += 1;
  await import(/* @vite-ignore */ `../../../electron/main.ts?start=${starts}`);
}
async function startAndShow(): Promise<void> {
  await startProgram();
  fake.ready.resolve();
  await eventually(() => expect(tray().toolTip).toContain('1 running'));
}
function request(
  pathname: string,
  init: { method?: string; body?: string; origin?: string; initiatorOrigin?: string | null } = {},
): Promise<Response> {
  const handler = fake.schemeHandlers.get('app');
  if (handler === undefined) throw new Error('the scheme is not handled');
  return loadThroughElectron(handler, {
    url: `${ours}${pathname}`,
    method: init.method ?? 'GET',
    headers: new Headers(init.origin === undefined ? {} : { origin: init.origin }),
    body: init.body === undefined ? null : new TextEncoder().encode(init.body),
    ...(init.initiatorOrigin === undefined ? {} : { initiatorOrigin: init.initiatorOrigin }),
  });
}

beforeEach(() => {
  fake.reset();
  dir = temporaryDirectory();
  settings = { ...DEFAULT_SETTINGS };
  process.env['SWITCHYARD_HOME'] = dir;
  // As from a terminal: the login shell of whoever runs this is not asked.
  Object.assign(process.env, { TERM: 'xterm', SHLVL: '1', PATH: `${path.join(dir, 'bin')}:${ownPath}` });
  answerBusctl('echo b true');
  fake.appPath = path.join(dir, 'app');
  fs.mkdirSync(path.join(fake.appPath, 'out', 'renderer', 'assets'), { recursive: true });
  fs.writeFileSync(path.join(fake.appPath, 'out', 'renderer', 'index.html'), '<p nonce="__CSP_NONCE__">');
  fs.writeFileSync(path.join(fake.appPath, 'out', 'secret.js'), 'secret');
  engine = createFakeEngine(dir, (_request, url) =>
    url.pathname === '/api/v1/state' ? Response.json(snapshot()) : null,
  );
  engineModule.startEngine = async () => engine;
  fake.runUtility = (child) => {
    // One that is killed takes its connections with it.
    child.once('exit', () => child.port.emit('message', { data: { kind: 'close' } }));
    void (async () => {
      const { runEngineProcess } = await import('../../../electron/engine-process.ts');
      child.ends(
        await runEngineProcess({
          port: child.port,
          order: JSON.parse(child.args[0] ?? '') as EngineProcessOrder,
          startEngine: engineModule.startEngine,
          env: child.env,
        }),
      );
    })();
  };
});
afterEach(async () => {
  app.quit();
  await eventually(() => {
    if (!fake.hasQuit) throw new Error('it does not end');
  });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    for (const listener of process.listeners(event as 'uncaughtException'))
      if (listener.name === 'onFault') process.off(event, listener);
  delete process.env['SWITCHYARD_HOME'];
  fs.rmSync(dir, { recursive: true, force: true });
});

describe('the order of things', () => {
  it('locks down before it is ready, and shows a window before there is an engine', async () => {
    await startAndShow();
    expect(fake.calls).toEqual([
      'enableSandbox',
      'registerSchemesAsPrivileged',
      'disableHardwareAcceleration',
      'setPath userData',
      'crashReporter local',
      'requestSingleInstanceLock',
      'whenReady',
      'setPermissionRequestHandler',
      'setPermissionCheckHandler',
      'handle app',
      'setApplicationMenu',
      'new BrowserWindow',
      'focus',
      'new Tray',
      'fork',
    ]);
    expect(fake.schemes).toEqual([
      {
        scheme: 'app',
        privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
      },
    ]);
    expect(fake.paths.get('userData')).toBe(path.join(dir, 'desktop'));
    // Electron refuses a path that is not there.
    expect(fs.statSync(path.join(dir, 'desktop')).isDirectory()).toBe(true);
  });

  it('is one per data directory: the second start shows the first window and ends', async () => {
    await startAndShow();
    window().hide();
    app.emit('second-instance');
    expect(window().isShown).toBe(true);

    const started = fake.calls.length;
    fake.isFirstInstance = false;
    await startProgram();
    expect(fake.calls.slice(started)).toEqual([
      'enableSandbox',
      'registerSchemesAsPrivileged',
      'disableHardwareAcceleration',
      'setPath userData',
      'crashReporter local',
      'requestSingleInstanceLock',
      'quit',
    ]);
  });

  it('has no sandbox where there can be none: as root, or from an AppImage without user namespaces', async () => {
    fake.switches.add('no-sandbox');
    await startAndShow();
    expect(fake.calls).not.toContain('enableSandbox');
    expect(window().options.webPreferences?.['sandbox']).toBe(true);
  });

  it('leaves the profile directory alone when one is given', async () => {
    fake.switches.add('user-data-dir');
    await startAndShow();
    expect(fake.paths.size).toBe(0);
  });

  it('says why it cannot start, and ends', async () => {
    engineModule.startEngine = async () => {
      throw new SwitchyardError('database_newer', 'The database is newer.', { remedy: 'Update Switchyard.' });
    };
    await startProgram();
    fake.ready.resolve();
    await eventually(() => expect(fake.exitCode).toBe(1));
    expect(fake.errorBoxes).toEqual(['Switchyard cannot go on: The database is newer.\n\nUpdate Switchyard.']);
  });
});

describe('the window', () => {
  it('is sandboxed, isolated and shows our page', async () => {
    await startAndShow();
    expect(window().url).toBe('app://switchyard/');
    expect(window().options.webPreferences).toEqual({
      preload: path.join(fake.appPath, 'out', 'preload', 'preload.cjs'),
      additionalArguments: [],
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: true,
    });
  });

  it('goes nowhere else', async () => {
    await startAndShow();
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      const away = preventable({ url: 'https://evil.example/' });
      const home = preventable({ url: `${ours}/trial/1` });
      window().webContents.emit(event, away);
      window().webContents.emit(event, home);
      expect([event, away.prevented, home.prevented]).toEqual([event, true, false]);
    }
    const webview = preventable({});
    window().webContents.emit('will-attach-webview', webview);
    expect(webview.prevented).toBe(true);
  });

  it('opens no other window; known help pages go to the browser', async () => {
    await startAndShow();
    for (const url of ['https://docs.docker.com/engine/', 'https://evil.example/', 'file:///bin/sh', `${ours}/`])
      expect(window().webContents.openHandler?.({ url })).toEqual({ action: 'deny' });
    expect(fake.openedOutside).toEqual(['https://docs.docker.com/engine/']);
  });

  it('may copy, and nothing else', async () => {
    await startAndShow();
    const asked: [string, boolean][] = [];
    const ask = fake.permissionRequest as unknown as (
      contents: object,
      permission: string,
      callback: (granted: boolean) => void,
      details: object,
    ) => void;
    const check = fake.permissionCheck as unknown as (contents: null, permission: string, origin: string) => boolean;
    for (const permission of ['clipboard-sanitized-write', 'clipboard-read', 'media', 'openExternal']) {
      ask(
        window().webContents,
        permission,
        (granted) => asked.push([permission, granted && check(null, permission, `${ours}/`)]),
        { requestingUrl: `${ours}/` },
      );
    }
    expect(asked).toEqual([
      ['clipboard-sanitized-write', true],
      ['clipboard-read', false],
      ['media', false],
      ['openExternal', false],
    ]);
    expect(check(null, 'clipboard-sanitized-write', 'https://evil.example')).toBe(false);
  });

  it('reaches no network, trusts no broken certificate and downloads nothing foreign', async () => {
    await startAndShow();
    const before = fake.beforeRequest as unknown as (
      details: { url: string },
      callback: (answer: { cancel: boolean }) => void,
    ) => void;
    const canceled: boolean[] = [];
    for (const url of ['https://evil.example/', 'file:///etc/passwd', `${ours}/`])
      before({ url }, ({ cancel }) => canceled.push(cancel));
    expect(canceled).toEqual([true, true, false]);
    const certificate = preventable({});
    const trusted: boolean[] = [];
    app.emit('certificate-error', certificate, null, 'https://x', 'bad', {}, (isTrusted: boolean) =>
      trusted.push(isTrusted),
    );
    expect([certificate.prevented, trusted]).toEqual([true, [false]]);
  });
});

describe('the page of the window', () => {
  const gone = (reason: string) => window().webContents.emit('render-process-gone', {}, { reason, exitCode: 1 });

  it('is loaded again when it crashes, hangs or does not load, a few times; then the user is asked', async () => {
    await startAndShow();
    const { webContents } = window();
    gone('crashed');
    window().emit('unresponsive');
    webContents.emit('did-fail-load', {}, -3, 'ERR_ABORTED', '', true);
    webContents.emit('did-fail-load', {}, -2, 'ERR_FAILED', '', false);
    webContents.emit('did-fail-load', {}, -2, 'ERR_FAILED', '', true);
    gone('clean-exit');
    expect([webContents.reloads, fake.dialogs]).toEqual([3, []]);
    gone('oom');
    expect(fake.dialogs).toMatchObject([{ message: 'The window stops again and again' }]);
    await eventually(() => expect(webContents.reloads).toBe(4));
  });

  it('offers to copy what is selected, and the usual in fields', async () => {
    await startAndShow();
    const rightClick = (isEditable: boolean, selectionText: string) =>
      window().webContents.emit('context-menu', {}, { isEditable, selectionText, editFlags: { canPaste: true } });
    rightClick(false, '');
    rightClick(false, 'step 12');
    rightClick(true, '');
    expect(fake.popups.map((menu) => menu.map(({ role }) => role))).toEqual([['copy'], ['paste', 'selectAll']]);
  });

  it('is not there when the application starts with the session, until it is wanted', async () => {
    process.argv.push('--hidden');
    try {
      await startAndShow();
      expect(fake.windows).toEqual([]);
      tray().emit('click');
      expect(window().isShown).toBe(true);
    } finally {
      process.argv.splice(process.argv.indexOf('--hidden'), 1);
    }
  });

  it('comes back where it was, and draws with a GPU only when that was asked for', async () => {
    settings = { ...settings, windowUsesGpu: true };
    await startAndShow();
    window().maximize();
    window().userCloses();
    await eventually(() => expect(window().isShown).toBe(false));
    app.quit();
    await eventually(() => expect(fake.hasQuit).toBe(true));
    fake.reset();
    fake.appPath = path.join(dir, 'app');
    await startProgram();
    fake.ready.resolve();
    await eventually(() => expect(window().maximized).toBe(true));
    expect(window().options).toMatchObject({ x: 10, y: 20, width: 1440, height: 900 });
    expect(fake.calls).not.toContain('disableHardwareAcceleration');
  });
});

describe('the private scheme', () => {
  it('serves the page under its policy and the API beside it', async () => {
    await startAndShow();
    const page = await request('/');
    expect(await page.text()).toMatch(/^<p nonce="[\w-]+">$/);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const answer = await request('/api/v1/trials/actions', {
      method: 'POST',
      body: '{"a":1}',
      origin: ours,
      initiatorOrigin: ours,
    });
    expect(await answer.json()).toEqual({ method: 'POST', path: '/api/v1/trials/actions', body: '{"a":1}' });
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('refuses other origins and paths that lead out', async () => {
    await startAndShow();
    const seen = engine.seen.length;
    for (const initiatorOrigin of ['https://evil.example', null])
      expect((await request('/api/v1/state', { initiatorOrigin })).status).toBe(403);
    expect((await request('/api/v1/engine/shutdown', { method: 'POST' })).status).toBe(403);
    for (const pathname of [
      '/../secret.js',
      '/%2e%2e/secret.js',
      '/assets/..%2f..%2fsecret.js',
      '/assets/%5c..%5csecret.js',
    ]) {
      const answer = await request(pathname);
      expect(answer.status, pathname).toBe(404);
    }
    expect(engine.seen).toHaveLength(seen);
  });

  it('streams events, and the engine hears when the page goes', async () => {
    let left = false;
    const base = engine.fetch.bind(engine);
    engine.fetch = async (asked) =>
      asked.url.endsWith('/events')
        ? new Response(
            new ReadableStream({
              start: (controller) => controller.enqueue(new TextEncoder().encode('event: plan\n\n')),
              cancel: () => {
                left = true;
              },
            }),
            { headers: { 'content-type': 'text/event-stream' } },
          )
        : base(asked);
    await startAndShow();
    const reader = (await request('/api/v1/events')).body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('event: plan\n\n');
    expect(left).toBe(false);
    await reader?.cancel();
    await eventually(() => expect(left).toBe(true));
  });

  it('answers with a problem when the engine breaks', async () => {
    await startAndShow();
    engine.fetch = async () => {
      throw new Error('secret detail');
    };
    const answer = await request('/api/v1/state');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
  });
});

describe('messages of the page', () => {
  const pick = (senderFrame: object | null, near?: unknown) =>
    (
      fake.messageHandlers.get('switchyard:pick-folder') as unknown as (
        event: object,
        near: unknown,
      ) => Promise<string | null>
    )({ senderFrame }, near);

  it('pick a folder, for our own page only', async () => {
    await startAndShow();
    expect([...fake.messageHandlers.keys()]).toEqual([
      'switchyard:show-in-files',
      'switchyard:check-for-updates',
      'switchyard:pick-folder',
    ]);
    expect(await pick({ url: `${ours}/`, parent: null })).toBeNull();
    fake.folderAnswer = { canceled: false, filePaths: ['/home/u/project'] };
    expect(await pick({ url: `${ours}/`, parent: null }, '/home/u/last')).toBe('/home/u/project');
    await pick({ url: `${ours}/`, parent: null }, 'relative');
    expect(fake.dialogs.map(({ defaultPath }) => defaultPath)).toEqual([os.homedir(), '/home/u/last', os.homedir()]);
    for (const frame of [null, { url: 'https://evil.example/', parent: null }, { url: `${ours}/`, parent: {} }])
      await expect(pick(frame)).rejects.toThrow('refused');
  });

  it('look for updates, for our own page only', async () => {
    await startAndShow();
    const check = fake.messageHandlers.get('switchyard:check-for-updates') as unknown as (event: object) => void;
    expect(() => check({ senderFrame: { url: 'https://evil.example/', parent: null } })).toThrow('refused');
    expect(fake.dialogs).toEqual([]);
    check({ senderFrame: { url: `${ours}/`, parent: null } });
    expect(fake.dialogs).toMatchObject([{ message: 'This window runs from its sources' }]);
  });

  it('are all the preload offers', async () => {
    await import('../../../electron/desktop/preload.ts');
    const offered = fake.exposed.get('switchyardShell') as {
      pickFolder(near: string): Promise<unknown>;
      showInFiles(trialId: number, place: string): Promise<boolean>;
      checkForUpdates(): Promise<void>;
      pathOf(file: File): string;
      onNews(listener: (news: unknown) => void): void;
    };
    expect(Object.keys(offered)).toEqual([
      'kind',
      'platform',
      'isInstalled',
      'pickFolder',
      'showInFiles',
      'checkForUpdates',
      'pathOf',
      'onNews',
    ]);
    await offered.pickFolder('/home/u');
    await offered.showInFiles(3, 'workDir');
    await offered.checkForUpdates();
    expect(fake.invoked).toEqual([
      ['switchyard:pick-folder', '/home/u'],
      ['switchyard:show-in-files', 3, 'workDir'],
      ['switchyard:check-for-updates'],
    ]);
    expect(offered.pathOf(new File([], 'project'))).toBe('/dropped/project');
    const heard: unknown[] = [];
    offered.onNews((news) => heard.push(news));
    const listener = fake.pageListeners.get('switchyard:tell-page') as unknown as (event: object, news: object) => void;
    listener({ sender: 'not for the page' }, { kind: 'resumed' });
    expect(heard).toEqual([{ kind: 'resumed' }]);
    await startAndShow();
  });
});

describe('directories of a trial', () => {
  const show = (senderFrame: object | null, ...args: unknown[]) =>
    (
      fake.messageHandlers.get('switchyard:show-in-files') as unknown as (
        event: object,
        ...args: unknown[]
      ) => Promise<boolean>
    )({ senderFrame }, ...args);
  const own = { url: `${ours}/`, parent: null };

  it('are shown in the file manager where the engine says they are, never where a page says', async () => {
    const answerTrial = (_request: Request, url: URL): Response | null => {
      if (url.pathname === '/api/v1/state') return Response.json(snapshot());
      if (url.pathname !== '/api/v1/trials/7')
        return url.pathname.startsWith('/api/v1/trials/') ? new Response(null, { status: 404 }) : null;
      return Response.json({
        workDir: dir,
        outputDir: path.join(dir, 'gone'),
        checkpointDir: null,
        source: '/etc',
        checkpoints: [{ id: 12, path: path.join(dir, 'bin') }],
      });
    };
    engine = createFakeEngine(dir, answerTrial);
    await startAndShow();
    expect([await show(own, 7, 'workDir'), await show(own, 7, 12)]).toEqual([true, true]);
    expect(fake.shownInFiles).toEqual([dir, path.join(dir, 'bin')]);
    for (const place of ['outputDir', 'checkpointDir', 'source', '/etc', 13, null, 'toString'])
      expect([place, await show(own, 7, place)]).toEqual([place, false]);
    expect(await show(own, 8, 'workDir')).toBe(false);
    for (const trialId of ['7/../../settings', 1.5, null, undefined])
      await expect(show(own, trialId, 'workDir')).rejects.toThrow('refused');
    await expect(show({ url: 'https://evil.example/', parent: null }, 7, 'workDir')).rejects.toThrow('refused');
    expect(fake.shownInFiles).toHaveLength(2);
  });
});

describe('the tray', () => {
  it('follows what runs and waits', async () => {
    await startAndShow();
    expect(tray().toolTip).toBe('Switchyard: 1 running, 1 queued');
    expect(tray().image).toContain('tray-busy.png');
    engine.emit(
      changes({
        seq: 11,
        trials: [
          { id: 1, state: 'done' },
          { id: 4, state: 'queued' },
        ],
      }),
    );
    await eventually(() => expect(tray().toolTip).toBe('Switchyard: 0 running, 2 queued'));
    expect(tray().image).toContain('tray-idle.png');
    engine.emit(changes({ seq: 9, trials: [{ id: 1, state: 'running' }] }));
    engine.emit(changes({ seq: 12, removedTrials: [4] }));
    await eventually(() => expect(tray().toolTip).toBe('Switchyard: 0 running, 1 queued'));
    engine.emit({ event: 'resync', data: { reason: 'test' } });
    await eventually(() => expect(tray().toolTip).toBe('Switchyard: 1 running, 1 queued'));
  });

  it('opens the window, pauses all pools and resumes them, and quits', async () => {
    await startAndShow();
    window().hide();
    label('Open Switchyard')?.click?.();
    expect(window().isShown).toBe(true);
    label('Pause all pools')?.click?.();
    await eventually(() => expect(engine.seen).toContain('POST /api/v1/pools/workstation/actions'));
    engine.emit(changes({ seq: 11, pools: [{ ...pool, state: 'paused' }] }));
    await eventually(() => expect(label('Resume all pools')).toBeDefined());
    fake.boxAnswer = 1;
    label('Quit')?.click?.();
    await eventually(() => expect(fake.dialogs).toHaveLength(1));
    expect(fake.dialogs[0]).toMatchObject({ message: 'Quit Switchyard? 1 trial runs and 1 waits.' });
    fake.boxAnswer = 0;
    await eventually(() => {
      label('Quit')?.click?.();
      expect(fake.hasQuit).toBe(true);
    });
    expect(engine.closed).toBe(true);
  });

  it('ends nothing when the engine has just died under a click', async () => {
    await startAndShow();
    const click = label('Pause all pools')?.click;
    engineModule.startEngine = () => new Promise(() => undefined);
    first(fake.processes).ends(9);
    click?.();
    await eventually(() => expect(tray().toolTip).toContain('does not answer'));
    click?.();
    await eventually(() => expect(fs.readFileSync(engine.paths.engineLog, 'utf8')).toContain('could not be changed'));
    expect([fake.errorBoxes, fake.exitCode]).toEqual([[], null]);
  });
});

describe('every item of every menu', () => {
  /** With all that is below them. */
  const clickable = (items: readonly electron.MenuItem[]): electron.MenuItem[] =>
    items.flatMap((item) => [
      ...(item.click === undefined ? [] : [item]),
      ...clickable((item as { submenu?: electron.MenuItem[] }).submenu ?? []),
    ]);

  it('ends nothing by itself when no request gets through', async () => {
    await startAndShow();
    const items = [...clickable(tray().menu), ...clickable(first(fake.menus))];
    expect(items.map((item) => item.label)).toEqual([
      'Open Switchyard',
      'Pause all pools',
      'Quit',
      'Quit',
      'Documentation',
      'Check for updates…',
    ]);
    // No socket, no process, and none that would come: every fetch rejects or is refused.
    engineModule.startEngine = () => new Promise(() => undefined);
    fs.rmSync(engine.paths.socket, { force: true });
    engine.fetch = () => Promise.reject(new Error('gone'));
    fake.boxAnswer = 1;
    for (const item of items) item.click?.();
    await eventually(() => expect(fs.readFileSync(engine.paths.engineLog, 'utf8')).toContain('could not be changed'));
    expect([fake.errorBoxes, fake.exitCode, fake.hasQuit]).toEqual([[], null, false]);
    expect(window().isShown).toBe(true);
  });
});

describe('following the feed', () => {
  it('tells of runs that ended, and a click brings the window up', async () => {
    await startAndShow();
    engine.emit(finished({ ranMs: 1_000 }));
    engine.emit(finished());
    engine.emit(finished({ outcome: 'failed', message: 'exit code 1' }));
    const titles = () => fake.notifications.map((notification) => notification.text.title);
    await eventually(() => expect(titles()).toEqual(['resnet is done', 'resnet failed']));
    engine.emit({ event: 'settings', data: { ...settings, notifyOnFinish: false } });
    engine.emit(finished());
    engine.emit(finished({ outcome: 'failed' }));
    await eventually(() => expect(titles()).toEqual(['resnet is done', 'resnet failed', 'resnet failed']));
    window().hide();
    first(fake.notifications).emit('click');
    expect(window().isShown).toBe(true);
    expect(window().webContents.sent).toEqual([['switchyard:tell-page', { kind: 'open-trial', trialId: 1 }]]);
  });

  it('tells of many that end in one moment at once, and a click shows one that failed', async () => {
    await startAndShow();
    for (let trialId = 1; trialId <= 40; trialId += 1)
      engine.emit(finished({ trialId, ...(trialId === 30 ? { outcome: 'failed', message: 'exit code 1' } : {}) }));
    await eventually(() => expect(fake.notifications).toHaveLength(2));
    expect(fake.notifications.map(({ text }) => text)).toEqual([
      { title: 'resnet is done', body: 'Trial #1 completed after 2 min.' },
      { title: '39 trials ended: 38 are done, 1 failed', body: '#30 resnet, #2 resnet, #3 resnet and 36 more' },
    ]);
    // The page is still loading: it hears when it has.
    window().webContents.loading = true;
    fake.notifications[1]?.emit('click');
    window().webContents.loading = false;
    window().webContents.emit('did-finish-load');
    expect(window().webContents.sent).toEqual([['switchyard:tell-page', { kind: 'open-trial', trialId: 30 }]]);
  });

  it('looks at everything anew after a sleep', async () => {
    await startAndShow();
    const asked = engine.seen.length;
    electron.powerMonitor.emit('resume');
    await eventually(() => expect(engine.seen.slice(asked)).toContain('GET /api/v1/state'));
    expect(window().webContents.sent).toEqual([['switchyard:tell-page', { kind: 'resumed' }]]);
  });

  it('has documentation under Help, and looks for updates', async () => {
    await startAndShow();
    const help = first(fake.menus).find(({ role }) => role === 'help') as { submenu?: electron.MenuItem[] } | undefined;
    help?.submenu?.find((item) => item.label === 'Documentation')?.click?.();
    expect(fake.openedPaths).toEqual([path.join(fake.appPath, 'README.md')]);
    help?.submenu?.find((item) => item.label === 'Check for updates…')?.click?.();
    expect(fake.dialogs.map(({ message }) => message)).toEqual(['This window runs from its sources']);
  });

  it('keeps the computer awake exactly while something runs', async () => {
    await startAndShow();
    expect(fake.blockers.size).toBe(1);
    engine.emit(changes({ seq: 11, trials: [{ id: 1, state: 'paused' }] }));
    await eventually(() => expect(fake.blockers.size).toBe(0));
    engine.emit(changes({ seq: 12, trials: [{ id: 2, state: 'starting' }] }));
    await eventually(() => expect(fake.blockers.size).toBe(1));
    engine.emit({ event: 'settings', data: { ...settings, keepAwake: false } });
    await eventually(() => expect(fake.blockers.size).toBe(0));
  });

  it('starts at login when asked to, once installed', async () => {
    fake.isPackaged = true;
    Object.assign(process, { resourcesPath: path.join(dir, 'resources') });
    process.env['XDG_CONFIG_HOME'] = path.join(dir, 'config');
    try {
      await startAndShow();
      const entry = path.join(dir, 'config', 'autostart', 'switchyard.desktop');
      const startsAtLogin = () =>
        process.platform === 'linux'
          ? fs.existsSync(entry) && fs.readFileSync(entry, 'utf8').includes('"--hidden"')
          : (fake.loginItem as { openAtLogin: boolean }).openAtLogin;
      for (const startAtLogin of [true, false]) {
        engine.emit({ event: 'settings', data: { ...settings, startAtLogin } });
        await eventually(() => expect(startsAtLogin()).toBe(startAtLogin));
      }
    } finally {
      delete process.env['XDG_CONFIG_HOME'];
    }
  });
});

describe('the command line of an AppImage', () => {
  const home = process.env['HOME'];
  const item = () => {
    const help = first(fake.menus).find(({ role }) => role === 'help') as { submenu?: electron.MenuItem[] } | undefined;
    return help?.submenu?.find(({ label: text }) => text === 'Command line…');
  };
  const link = () => path.join(dir, 'home', '.local', 'bin', 'switchyard');
  const copies = () => path.join(dir, 'desktop', 'cli');

  beforeEach(() => {
    fake.isPackaged = true;
    Object.assign(process, { resourcesPath: path.join(dir, 'mount', 'resources') });
    Object.assign(process.env, {
      APPIMAGE: '/x.AppImage',
      APPDIR: path.join(dir, 'mount'),
      HOME: path.join(dir, 'home'),
    });
    const cli = path.join(dir, 'mount', 'resources', 'cli');
    fs.mkdirSync(cli, { recursive: true });
    fs.writeFileSync(path.join(cli, 'switchyard'), '#!/bin/sh\necho "cli $*"', { mode: 0o755 });
  });
  afterEach(() => {
    for (const name of ['APPIMAGE', 'APPDIR']) delete process.env[name];
    if (home === undefined) delete process.env['HOME'];
    else process.env['HOME'] = home;
  });

  it('is put there and taken away by a menu item, each after a question', async () => {
    await startAndShow();
    fake.boxAnswer = 1;
    item()?.click?.();
    await eventually(() => expect(fake.dialogs).toHaveLength(1));
    expect(fake.dialogs[0]).toMatchObject({ message: 'Install the command line?' });
    expect(fake.dialogs[0]?.['detail']).toContain('does not search that directory');
    expect(fs.existsSync(path.dirname(link()))).toBe(false);
    fake.boxAnswer = 0;
    item()?.click?.();
    await eventually(() => expect(fs.existsSync(link())).toBe(true));
    // What lies in the mount goes with it.
    fs.rmSync(path.join(dir, 'mount'), { recursive: true });
    expect(execFileSync(link(), ['ls'], { encoding: 'utf8' })).toBe('cli ls\n');
    expect(fs.readlinkSync(link()).startsWith(copies())).toBe(true);
    await eventually(() => {
      item()?.click?.();
      expect(fs.existsSync(link())).toBe(false);
    });
    await eventually(() => expect(fs.existsSync(copies())).toBe(false));
    expect(fake.dialogs[2]).toMatchObject({ message: 'Remove the command line?' });
  });

  it('follows to another version at the next start, and nothing of somebody else is touched', async () => {
    fs.mkdirSync(path.dirname(link()), { recursive: true });
    fs.mkdirSync(path.join(copies(), '0.0.1'), { recursive: true });
    fs.symlinkSync(path.join(copies(), '0.0.1', 'switchyard'), link());
    await startAndShow();
    await eventually(() => expect(fs.readlinkSync(link())).toBe(path.join(copies(), '0.0.0-test', 'switchyard')));
    await eventually(() => expect(fs.readdirSync(copies())).toEqual(['0.0.0-test']));
    fs.rmSync(link());
    fs.writeFileSync(link(), 'mine');
    item()?.click?.();
    await eventually(() =>
      expect(fake.dialogs).toMatchObject([{ message: 'Another "switchyard" is installed already' }]),
    );
    expect(fs.readFileSync(link(), 'utf8')).toBe('mine');
  });

  it('says why it could not be put there, and leaves nothing half done', async () => {
    await startAndShow();
    fs.rmSync(path.join(dir, 'mount'), { recursive: true });
    item()?.click?.();
    await eventually(() => expect(fake.dialogs).toHaveLength(2));
    expect(fake.dialogs[1]).toMatchObject({ message: 'The command line could not be changed' });
    expect([fs.existsSync(link()), fs.readdirSync(copies())]).toEqual([false, []]);
  });
});

describe('closing', () => {
  it('goes to the tray, which is said once, or ends everything, as the settings say', async () => {
    await startAndShow();
    for (let round = 0; round < 2; round += 1) {
      window().show();
      expect(window().userCloses()).toBe(false);
      await eventually(() => expect(window().isShown).toBe(false));
    }
    expect(fake.notifications.map(({ text }) => text.title)).toEqual(['Switchyard goes on in the tray']);
    expect(engine.closed).toBe(false);
    engine.emit({ event: 'settings', data: { ...settings, closeToTray: false } });
    engine.emit(changes({ seq: 11, trials: [{ id: 1, state: 'done' }] }));
    await eventually(() => expect(tray().toolTip).toContain('0 running'));
    window().userCloses();
    await eventually(() => expect(fake.hasQuit).toBe(true));
    expect(fake.dialogs[0]).toMatchObject({ message: 'Quit Switchyard? 1 trial waits.' });
    expect(engine.closed).toBe(true);
  });

  it('never hides the window where no tray would bring it back', async () => {
    answerBusctl('exit 1');
    await startAndShow();
    fake.boxAnswer = 1;
    window().userCloses();
    await eventually(() => expect(fake.dialogs).toHaveLength(1));
    expect([window().isShown, fake.hasQuit]).toEqual([true, false]);
  });

  it('lets go of the engine once and before it ends, even when that fails', async () => {
    await startAndShow();
    let closes = 0;
    engine.close = async () => {
      closes += 1;
      expect(fake.hasQuit).toBe(false);
      throw new Error('disk full');
    };
    app.quit();
    app.quit();
    await eventually(() => expect(fake.hasQuit).toBe(true));
    expect(closes).toBe(1);
    expect(fs.readFileSync(engine.paths.engineLog, 'utf8')).toContain('disk full');
  });

  it('follows when the engine is asked to stop', async () => {
    await startAndShow();
    engine.requestStop();
    await eventually(() => expect(fake.hasQuit).toBe(true));
  });
});

describe('the engine behind the window', () => {
  it('is told to be starting until it is up: the window is there first', async () => {
    const starting = Promise.withResolvers<FakeEngine>();
    engineModule.startEngine = () => starting.promise;
    await startProgram();
    fake.ready.resolve();
    await eventually(() => expect(window().url).toBe('app://switchyard/'));
    expect(tray().toolTip).toBe('Switchyard: the engine is starting');
    expect((await request('/')).status).toBe(200);
    const answer = await request('/api/v1/state');
    expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ code: 'starting' })]);
    starting.resolve(engine);
    await eventually(() => expect(tray().toolTip).toContain('1 running'));
    expect((await request('/api/v1/state')).status).toBe(200);
  });

  it('comes up in time though Docker takes the connection and says nothing', { timeout: 60_000 }, async () => {
    const silent = net.createServer(() => undefined);
    const socket = path.join(dir, 'docker.sock');
    await new Promise<void>((resolve) => void silent.listen(socket, resolve));
    const root = path.join(import.meta.dirname, '../../..');
    const script = path.join(root, 'electron/engine-process.ts');
    fs.symlinkSync(path.join(root, 'resources'), path.join(fake.appPath, 'resources'));
    fake.runUtility = (child) => runForReal(child, script, { DOCKER_HOST: `unix://${socket}` });
    try {
      await startProgram();
      fake.ready.resolve();
      // The page waits for no engine.
      await eventually(() => expect(window().isShown).toBe(true));
      expect([(await request('/')).status, (await request('/api/v1/state')).status]).toEqual([200, 503]);
      // The engine does not wait until Docker is given up: it works with what there is.
      await eventually(async () => {
        expect(fake.errorBoxes).toEqual([]);
        const answer = await request('/api/v1/state');
        expect(await answer.json()).toMatchObject({ engine: { defaultRuntime: 'process' } });
      });
    } finally {
      app.quit();
      await eventually(() => expect(fake.hasQuit).toBe(true));
      silent.close();
    }
  });

  it('is started again when its process dies, a few times, and then it is told', async () => {
    const dying = { at: 0 };
    await startAndShow();
    const run = fake.runUtility;
    fake.runUtility = (child) => {
      run(child);
      if (++dying.at > 1) {
        child.stderr.write('Illegal instruction');
        child.ends(132);
      }
    };
    first(fake.processes).ends(9);
    await eventually(() => expect(fake.processes).toHaveLength(2));
    await eventually(async () => expect((await request('/api/v1/state')).status).toBe(200));
    expect(fake.errorBoxes).toEqual([]);
    fake.processes[1]?.ends(9);
    await eventually(() => expect(fake.exitCode).toBe(1));
    expect(fake.errorBoxes[0]).toContain('Illegal instruction');
    expect(fake.processes).toHaveLength(4);
  });

  it('gets what it has to know, and a script that is built beside main.js', async () => {
    const seen: EngineStartOptions[] = [];
    engineModule.startEngine = async (options) => {
      seen.push(options);
      return engine;
    };
    await startAndShow();
    expect(first(fake.processes).script).toBe(path.join(fake.appPath, 'out', 'main', 'engine-process.js'));
    expect(seen).toEqual([
      { dataDir: dir, shell: 'desktop', version: '0.0.0-test', resourcesDir: path.join(fake.appPath, 'resources') },
    ]);
  });

  it('is open to the command line through its socket, but makes no browser links', async () => {
    await startAndShow();
    const answer = await createSocketFetch(engine.paths.socket)(
      new Request('http://localhost/api/v1/login-links', { method: 'POST' }),
    );
    expect(answer.status).toBe(409);
  });

  it('can be another process: the window sits on top of it and leaves it running', async () => {
    const encoder = new TextEncoder();
    let feed: ReadableStreamDefaultController<Uint8Array> | null = null;
    const service = createFakeEngine(dir, (asked, url) => {
      if (url.pathname === '/api/v1/health') return Response.json({ ok: true });
      if (url.pathname === '/api/v1/state') return Response.json(snapshot());
      if (url.pathname !== '/api/v1/events') return null;
      asked.signal.addEventListener('abort', () => {
        feed = null;
      });
      return new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            feed = controller;
          },
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      );
    });
    const door = await openSocketDoor({
      fetch: (asked) => service.fetch(asked),
      socketPath: service.paths.socket,
      loginUrl: null,
      log: () => {},
    });
    engineModule.startEngine = async () => {
      throw new SwitchyardError('data_dir_locked', 'Another engine owns it.');
    };
    fs.writeFileSync(service.paths.lock, JSON.stringify({ version: '0.9.0', startedAtMs: 5 }));
    try {
      await startAndShow();
      expect(fake.dialogs).toMatchObject([
        {
          message: 'The engine is of another version',
          detail: expect.stringContaining('the window of Switchyard 0.0.0-test, the engine that runs is of 0.9.0'),
        },
      ]);
      const send = (frame: { event: string; data: unknown }) =>
        feed?.enqueue(encoder.encode(`event: ${frame.event}\nid: 1\ndata: ${JSON.stringify(frame.data)}\n\n`));
      const answer = await request('/api/v1/trials/actions', { method: 'POST', body: 'x', origin: ours });
      expect(await answer.json()).toMatchObject({ body: 'x' });
      expect(fake.processes).toHaveLength(1);
      send(finished());
      await eventually(() => expect(fake.notifications).toHaveLength(1));
      send(changes({ seq: 11, trials: [{ id: 1, state: 'done' }] }));
      await eventually(() => expect(tray().toolTip).toBe('Switchyard: 0 running, 1 queued'));
      app.quit();
      await eventually(() => expect(fake.hasQuit).toBe(true));
      expect(service.closed).toBe(false);
      await eventually(() => expect(feed).toBeNull());
    } finally {
      await door.close();
    }
  });

  it('shows when the other process goes and finds it again', async () => {
    const answerService = (asked: Request): Response | null => {
      const { pathname } = new URL(asked.url);
      if (pathname === '/api/v1/health') return Response.json({ ok: true });
      if (pathname === '/api/v1/state') return Response.json(snapshot());
      return pathname === '/api/v1/events'
        ? new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
        : null;
    };
    const service = createFakeEngine(dir, answerService);
    const open = () =>
      openSocketDoor({
        fetch: (asked) => service.fetch(asked),
        socketPath: service.paths.socket,
        loginUrl: null,
        log: () => {},
      });
    const door = await open();
    engineModule.startEngine = async () => {
      throw new SwitchyardError('data_dir_locked', 'Another engine owns it.');
    };
    await startAndShow();
    await door.close();
    await eventually(() => expect(tray().toolTip).toContain('does not answer'));
    expect((await request('/api/v1/state')).status).toBe(503);
    const again = await open();
    try {
      await eventually(() => expect(tray().toolTip).toContain('1 running'));
    } finally {
      await again.close();
    }
  });
});
