/** What trials and the engine get of the environment, started from a menu or from an AppImage. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askLoginShell } from '../../../electron/desktop/login-shell.ts';
import { needsShell, withoutAppImage, withShell } from '../../../electron/desktop/own-environment.ts';

describe('an AppImage', () => {
  /** As its runtime and AppRun make it. */
  const mount = '/tmp/.mount_SwitchAbC';
  const appImage = {
    APPIMAGE: '/home/u/Switchyard.AppImage',
    APPDIR: mount,
    ARGV0: './Switchyard.AppImage',
    OWD: '/home/u',
    PATH: `${mount}:${mount}/usr/sbin:/usr/local/cuda/bin:/usr/bin`,
    LD_LIBRARY_PATH: `${mount}/usr/lib`,
    XDG_DATA_DIRS: `${mount}/usr/share/:/usr/share/gnome:/usr/local/share/:/usr/share/`,
    GSETTINGS_SCHEMA_DIR: `${mount}/usr/share/glib-2.0/schemas`,
    HOME: '/home/u',
  };

  it('leaves nothing of itself: its libraries are not for trials, and its mount goes when it ends', () => {
    expect(withoutAppImage(appImage)).toEqual({
      PATH: '/usr/local/cuda/bin:/usr/bin',
      XDG_DATA_DIRS: '/usr/share/gnome:/usr/local/share/:/usr/share/',
      HOME: '/home/u',
    });
    expect(withoutAppImage({ ...appImage, LD_LIBRARY_PATH: `${mount}/usr/lib:/opt/cuda/lib64` })).toMatchObject({
      LD_LIBRARY_PATH: '/opt/cuda/lib64',
    });
  });

  it('is told from a program that is none, and from a neighbour with a longer name', () => {
    const plain = { PATH: '/usr/bin', LD_LIBRARY_PATH: '/opt/lib' };
    expect(withoutAppImage(plain)).toEqual(plain);
    expect(withoutAppImage({ APPDIR: '/tmp/.mount_S', PATH: '/tmp/.mount_Second/bin:/usr/bin' })).toEqual({
      PATH: '/tmp/.mount_Second/bin:/usr/bin',
    });
  });
});

describe('the login shell', () => {
  let home = '';
  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-shell-'));
  });
  afterEach(() => {
    fs.rmSync(home, { recursive: true, force: true });
  });
  const env = () => ({ HOME: home, SHELL: '/bin/bash', PATH: '/usr/bin:/bin' });

  it('is asked where a session has no such environment: from a menu, not from a terminal', () => {
    expect(needsShell({ PATH: '/usr/bin', SHLVL: '0' }, 'linux')).toBe(true);
    expect(needsShell({ PATH: '/usr/bin', SHLVL: '1' }, 'darwin')).toBe(true);
    expect(needsShell({ PATH: '/usr/bin', SHLVL: '1', TERM: 'xterm-256color' }, 'linux')).toBe(false);
    expect(needsShell({}, 'win32')).toBe(false);
  });

  it('says where conda is, whatever its files print, and whatever they leave running', async () => {
    fs.writeFileSync(
      path.join(home, '.bash_profile'),
      [
        'echo welcome; sleep 600 &',
        'export PATH="/opt/conda/bin:$PATH" CONDA_EXE=/opt/conda/bin/conda SWITCHYARD_HOME=/elsewhere',
        'export NOTE="two\nlines"; echo $! > ~/pid\n',
      ].join('\n'),
    );
    const said = await askLoginShell(env());
    process.kill(Number(fs.readFileSync(path.join(home, 'pid'), 'utf8')));
    expect(said).toMatchObject({ NOTE: 'two\nlines' });
    expect(withShell({ PATH: '/usr/bin', SWITCHYARD_HOME: '/data' }, said)).toEqual({
      // What comes after it is for the machine's /etc/profile to say.
      PATH: expect.stringMatching(/^\/opt\/conda\/bin:/) as unknown,
      CONDA_EXE: '/opt/conda/bin/conda',
      SWITCHYARD_HOME: '/data',
    });
  });

  it('that does not answer is left alone after a while, with what it waits for', async () => {
    fs.writeFileSync(path.join(home, '.bash_profile'), 'echo $$ > ~/pid; while :; do sleep 0.1; done\n');
    expect(await askLoginShell(env(), 1_000)).toBeNull();
    const pid = Number(fs.readFileSync(path.join(home, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 5_000 });
    expect(withShell({ PATH: '/usr/bin' }, null)).toEqual({ PATH: '/usr/bin' });
  });

  it('is only one that is known to understand the question', async () => {
    expect(await askLoginShell({ ...env(), SHELL: '/usr/sbin/nologin' })).toBeNull();
    expect(await askLoginShell({ ...env(), SHELL: 'bash' })).toBeNull();
    expect(await askLoginShell({ ...env(), SHELL: '/nonexistent/bash' })).toBeNull();
  });
});
