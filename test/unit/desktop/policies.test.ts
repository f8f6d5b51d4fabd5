import fs from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../electron/contract/settings.ts';
import { judgeAppRequest } from '../../../electron/desktop/app-request-policy.ts';
import { autostartEntry, autostartFile } from '../../../electron/desktop/autostart-entry.ts';
import { decideClose } from '../../../electron/desktop/close-policy.ts';
import { fitBounds } from '../../../electron/desktop/fit-bounds.ts';
import {
  externalAddress,
  isNetworkAddress,
  isOwnAddress,
  isOwnDownload,
} from '../../../electron/desktop/navigation-policy.ts';
import { notificationFor } from '../../../electron/desktop/notification-policy.ts';
import { isPermissionGranted } from '../../../electron/desktop/permission-policy.ts';
import { isKeptAwake } from '../../../electron/desktop/power-policy.ts';
import { quitQuestion } from '../../../electron/desktop/quit-question.ts';
import { isTrustedSender } from '../../../electron/desktop/sender-policy.ts';
import { trayImage } from '../../../electron/desktop/tray-image.ts';
import { trayText } from '../../../electron/desktop/tray-text.ts';

describe('navigation', () => {
  it.each(['app://switchyard/', 'app://switchyard/trial/14?x#y'])('%s is ours', (address) => {
    expect(isOwnAddress(address)).toBe(true);
  });

  it.each([
    'https://switchyard/',
    'app://evil/',
    'app://switchyard.evil/',
    'app://switchyard:80/',
    'app://user@switchyard/',
    'app:switchyard',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'about:blank',
    '',
    'blob:app://switchyard/x',
  ])('%s is not', (address) => {
    expect(isOwnAddress(address)).toBe(false);
  });

  it('opens only known https sites outside', () => {
    expect(externalAddress('https://docs.docker.com/engine/install/')).toBe('https://docs.docker.com/engine/install/');
    for (const address of [
      'http://docs.docker.com/',
      'https://docs.docker.com.evil.example/',
      'https://user@docs.docker.com/',
      'https://docs.docker.com:444/',
      'file:///bin/sh',
      'smb://x/y',
      'ms-msdt:x',
      'https://evil.example/',
      'nonsense',
    ]) {
      expect(externalAddress(address), address).toBeNull();
    }
  });

  it('never lets anything but https out', () => {
    const parts = fc.array(
      fc.constantFrom(
        'https:',
        'http:',
        'file:',
        '//',
        '/',
        'docs.docker.com',
        '@',
        ':',
        '443',
        '\\',
        '.',
        '%2f',
        'evil',
        ' ',
        '?',
        '#',
      ),
    );
    fc.assert(
      fc.property(
        parts.map((list) => list.join('')),
        (address) => {
          const outside = externalAddress(address);
          expect(outside ?? 'https://docs.docker.com/').toMatch(/^https:\/\/docs\.docker\.com\//);
        },
      ),
    );
  });

  it('has no network and no disk', () => {
    for (const address of ['http://127.0.0.1:7717/', 'https://x/', 'ws://x/', 'file:///etc/passwd', 'nonsense'])
      expect(isNetworkAddress(address), address).toBe(true);
    for (const address of [
      'app://switchyard/x',
      'data:image/png;base64,',
      'blob:app://switchyard/1',
      'devtools://devtools/x',
    ])
      expect(isNetworkAddress(address), address).toBe(false);
  });

  it('downloads only what is ours', () => {
    expect(isOwnDownload('app://switchyard/api/v1/trials/1/attempts/1/log')).toBe(true);
    expect(isOwnDownload('blob:app://switchyard/1')).toBe(true);
    expect(isOwnDownload('blob:https://evil.example/1')).toBe(false);
  });
});

describe('judgeAppRequest', () => {
  const get = { url: 'app://switchyard/api/v1/state', method: 'GET', origin: null, initiatorOrigin: undefined };
  const ours = 'app://switchyard';

  it('knows the API from the files', () => {
    expect(judgeAppRequest(get)).toBe('api');
    expect(judgeAppRequest({ ...get, url: 'app://switchyard/' })).toBe('ui');
    expect(judgeAppRequest({ ...get, url: 'app://switchyard/apix' })).toBe('ui');
    expect(judgeAppRequest({ ...get, method: 'POST', origin: ours, initiatorOrigin: ours })).toBe('api');
  });

  it('refuses another host, another origin and a change nobody signed', () => {
    expect(judgeAppRequest({ ...get, url: 'app://evil/api/v1/state' })).toBe('refused');
    expect(judgeAppRequest({ ...get, origin: 'null' })).toBe('refused');
    // A page without an origin of its own: Electron says so here, and leaves the header out.
    expect(judgeAppRequest({ ...get, initiatorOrigin: null })).toBe('refused');
    expect(judgeAppRequest({ ...get, initiatorOrigin: 'https://evil.example' })).toBe('refused');
    expect(judgeAppRequest({ ...get, method: 'POST', origin: ours, initiatorOrigin: 'https://evil.example' })).toBe(
      'refused',
    );
    expect(judgeAppRequest({ ...get, method: 'POST' })).toBe('refused');
  });
});

describe('permissions', () => {
  it('are all denied but copying, and that only to our page', () => {
    expect(isPermissionGranted('clipboard-sanitized-write', 'app://switchyard/')).toBe(true);
    expect(isPermissionGranted('clipboard-sanitized-write', 'https://evil.example/')).toBe(false);
    for (const permission of [
      'clipboard-read',
      'media',
      'geolocation',
      'notifications',
      'openExternal',
      'fileSystem',
      'unknown',
      '__proto__',
    ])
      expect(isPermissionGranted(permission, 'app://switchyard/')).toBe(false);
  });

  it('are for main frames of ours when it comes to messages', () => {
    expect(isTrustedSender({ url: 'app://switchyard/', parent: null })).toBe(true);
    expect(isTrustedSender({ url: 'app://switchyard/', parent: {} })).toBe(false);
    expect(isTrustedSender({ url: 'https://evil.example/', parent: null })).toBe(false);
    expect(isTrustedSender(null)).toBe(false);
  });
});

describe('notifications', () => {
  const done = { trialId: 14, name: 'resnet', outcome: 'completed', message: '', ranMs: 61_000 };

  it('come for runs that were long enough', () => {
    expect(notificationFor(done, DEFAULT_SETTINGS)).toEqual({
      title: 'resnet is done',
      body: 'Trial #14 completed after 1 min.',
    });
    expect(notificationFor({ ...done, ranMs: 59_000 }, DEFAULT_SETTINGS)).toBeNull();
    expect(notificationFor({ ...done, ranMs: 0 }, { ...DEFAULT_SETTINGS, notifyAfterS: 0 })).not.toBeNull();
  });

  it('follow the settings, each kind on its own', () => {
    const failed = { ...done, outcome: 'failed', message: 'exit code 1' };
    expect(notificationFor(failed, DEFAULT_SETTINGS)?.body).toBe('Trial #14 failed after 1 min: exit code 1');
    expect(notificationFor(failed, { ...DEFAULT_SETTINGS, notifyOnFailure: false })).toBeNull();
    expect(notificationFor(done, { ...DEFAULT_SETTINGS, notifyOnFailure: false })).not.toBeNull();
    expect(notificationFor(done, { ...DEFAULT_SETTINGS, notifyOnFinish: false })).toBeNull();
    expect(notificationFor({ ...done, outcome: 'canceled' }, DEFAULT_SETTINGS)).toBeNull();
  });
});

describe('closing, sleeping, the tray', () => {
  it('closes to the tray only when there is one and the user wants it', () => {
    const facts = { closeToTray: true, hasTray: true };
    expect(decideClose(facts)).toBe('hide');
    expect(decideClose({ ...facts, closeToTray: false })).toBe('quit');
    expect(decideClose({ ...facts, hasTray: false })).toBe('quit');
  });

  it('asks before it quits what waits or runs, and says what becomes of it', () => {
    const counts = { active: 0, queued: 0, paused: 3 };
    expect(quitQuestion(counts, false)).toBeNull();
    expect(quitQuestion({ ...counts, active: 2, queued: 1 }, true)).toBeNull();
    expect(quitQuestion({ ...counts, active: 2, queued: 1 }, null)?.message).toBe(
      'Quit Switchyard? 2 trials run and 1 waits.',
    );
    expect(quitQuestion({ ...counts, queued: 2 }, false)).toEqual({
      message: 'Quit Switchyard? 2 trials wait.',
      detail: 'What waits is kept, and starts when Switchyard runs again.',
    });
  });

  it('opens where it was, as long as it can be taken hold of there', () => {
    const screens = [{ x: 0, y: 0, width: 1920, height: 1040 }];
    const was = { x: 100, y: 50, width: 1440, height: 900 };
    expect(fitBounds(null, screens)).toBeNull();
    expect(fitBounds(was, screens)).toEqual(was);
    expect(fitBounds({ ...was, x: 2000 }, screens)).toBeNull();
    expect(fitBounds({ ...was, x: 1800 }, screens)).toBeNull();
    expect(fitBounds({ ...was, y: -30 }, screens)).toBeNull();
    expect(fitBounds({ ...was, width: 2560, height: 1400 }, screens)).toEqual({ ...was, width: 1920, height: 1040 });
  });

  it('keeps awake only while something runs', () => {
    expect([isKeptAwake(true, 1), isKeptAwake(true, 0), isKeptAwake(false, 3)]).toEqual([true, false, false]);
  });

  it('has a picture for every state, and on macOS one that the system colours', () => {
    const icons = path.join(import.meta.dirname, '../../../resources/icons');
    for (const platform of ['linux', 'darwin', 'win32'] as const)
      for (const state of ['idle', 'busy'] as const) {
        const name = trayImage(state, platform);
        expect(name.endsWith('Template.png')).toBe(platform === 'darwin');
        for (const file of [name, name.replace('.png', '@2x.png')])
          expect(fs.existsSync(path.join(icons, file))).toBe(true);
      }
  });

  it('says what is going on', () => {
    const facts = { active: 2, queued: 5, paused: 0, isReachable: true, isLoaded: true, anyPoolOpen: true };
    expect(trayText(facts)).toEqual({
      summary: '2 running, 5 queued',
      tooltip: 'Switchyard: 2 running, 5 queued',
      poolsLabel: 'Pause all pools',
      poolsAction: 'pause',
      isBusy: true,
    });
    expect(trayText({ ...facts, active: 0, queued: 0, anyPoolOpen: false })).toMatchObject({
      summary: 'Nothing queued',
      poolsAction: 'resume',
      isBusy: false,
    });
    expect(trayText({ ...facts, isReachable: false, isLoaded: false }).summary).toBe('The engine is starting');
    expect(trayText({ ...facts, isReachable: false })).toMatchObject({
      tooltip: 'Switchyard: the engine does not answer',
      isBusy: false,
    });
  });
});

describe('start at login on Linux', () => {
  /** The rules of the specification backwards: the string value, the field codes, the quoted arguments. */
  function readExec(entry: string): string[] {
    const line = /^Exec=(.*)$/m.exec(entry)?.[1] ?? '';
    const value = line.replaceAll('\\\\', '\\');
    return [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) =>
      quoted.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%'),
    );
  }

  it('writes a path so that no character in it means anything', () => {
    expect(autostartEntry(['/opt/switchyard', '--hidden'])).toContain('Exec="/opt/switchyard" "--hidden"\n');
    const path = fc
      .array(fc.constantFrom('a', ' ', '"', '$', '`', '\\', '%', "'", ';', 'é', '/'), { minLength: 1 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(path, (program) => {
        expect(readExec(autostartEntry([program, '--hidden']))).toEqual([program, '--hidden']);
      }),
    );
    expect(() => autostartEntry(['/a\nExec=evil'])).toThrow('line break');
  });

  it('lies where the desktop looks', () => {
    expect(autostartFile({}, '/home/u')).toBe('/home/u/.config/autostart/switchyard.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: '/c' }, '/home/u')).toBe('/c/autostart/switchyard.desktop');
    expect(autostartFile({ XDG_CONFIG_HOME: 'relative' }, '/home/u')).toBe(
      '/home/u/.config/autostart/switchyard.desktop',
    );
  });
});
