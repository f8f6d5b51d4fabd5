/** Looking for new versions, on the fake of electron, with the real electron-updater, in a directory and on a loopback server. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../electron/contract/settings.ts';
import { readUpdatePlace } from '../../../electron/contract/update-place.ts';
import type { EngineMirror } from '../../../electron/desktop/engine-mirror.ts';
import { installDeb, replaceAppImage } from '../../../electron/desktop/install-update.ts';
import { installationOf, type Installation } from '../../../electron/desktop/update-policy.ts';
import { createUpdateSource } from '../../../electron/desktop/update-source.ts';
import type { Updates, UpdatesOptions } from '../../../electron/desktop/updates.ts';
import * as electron from '../../fakes/electron.ts';
import { temporaryDirectory } from '../../fakes/engine.ts';
import { fillPlace, servePlace, type PlaceServer } from '../../support/update-place.ts';

const { fake } = electron;
const started: unknown[][] = [];
vi.doMock('electron', () => electron);
vi.doMock('../../../electron/desktop/install-update.ts', async (original) => ({
  ...(await original<object>()),
  // It would wait for the end of this process.
  startAfterEnd: (...args: unknown[]) => started.push(args),
}));

const OWN = '0.2.0';
const NEW = {
  version: '0.3.0',
  files: { 'Switchyard-0.3.0.AppImage': 'new AppImage', 'Switchyard-0.3.0.deb': 'new deb' },
};
let dir = '';
let place = '';
let appImage = '';
let server: PlaceServer | null = null;
let quits = 0;
let logged: string[] = [];

beforeEach(() => {
  fake.reset();
  dir = temporaryDirectory();
  place = path.join(dir, 'place');
  appImage = path.join(dir, 'apps', 'Switchyard.AppImage');
  fs.mkdirSync(path.dirname(appImage));
  fs.writeFileSync(appImage, 'old', { mode: 0o755 });
  fillPlace(place, NEW);
  quits = 0;
  logged = [];
  started.length = 0;
});
afterEach(async () => {
  await server?.close();
  server = null;
  vi.unstubAllEnvs();
  fs.rmSync(dir, { recursive: true, force: true });
});

async function open(updatesFrom: string, changed: Partial<UpdatesOptions> = {}): Promise<Updates> {
  const { createUpdates } = await import('../../../electron/desktop/updates.ts');
  return createUpdates({
    mirror: {
      isLoaded: () => true,
      settings: () => ({ ...DEFAULT_SETTINGS, updatesFrom }),
      counts: () => ({ active: 2, queued: 1, paused: 0 }),
    } as unknown as EngineMirror,
    installation: { kind: 'AppImage', file: appImage },
    version: OWN,
    folder: path.join(dir, 'updates'),
    isForeign: () => false,
    window: () => null,
    quit: () => {
      quits += 1;
    },
    log: (message, error) => logged.push(`${message}: ${String(error)}`),
    ...changed,
  });
}
/** What was said and asked, in order. */
const said = (): unknown[] => fake.dialogs.map(({ message }) => message);
const detail = (): string => String(fake.dialogs.at(-1)?.['detail']);

describe('what is asked for nowhere', () => {
  it('is told with what to do: off, an engine that starts, sources, a copy of no package, a folder of somebody else', async () => {
    const cases: [Partial<UpdatesOptions>, string, RegExp][] = [
      [{}, 'Updates are off', /In Settings/],
      [{ mirror: { isLoaded: () => false } as EngineMirror }, 'The engine is starting', /again in a moment/],
      [{ installation: { kind: 'sources' } }, 'This window runs from its sources', /git pull/],
      [{ installation: { kind: 'other' } }, 'This copy cannot update itself', /the way this one came/],
    ];
    for (const [changed, message, what] of cases) {
      await (await open('off', changed)).ask();
      expect([said().at(-1), detail()]).toEqual([message, expect.stringMatching(what)]);
    }
    const gone = { kind: 'AppImage', file: path.join(dir, 'gone', 'Switchyard.AppImage') } as const;
    await (await open(place, { installation: gone })).ask();
    expect(said().at(-1)).toBe('The AppImage cannot be replaced here');
    expect(fake.calls).toEqual([]);
  });
});

describe.each(['directory', 'server'] as const)('a new version in a %s', (kind) => {
  let from = '';
  beforeEach(async () => {
    server = kind === 'server' ? await servePlace(place) : null;
    from = server?.url ?? place;
  });

  it('is downloaded after one question and installed after another, which says what becomes of the trials', async () => {
    await (await open(from)).ask();
    expect(said()).toEqual(['Download Switchyard 0.3.0?', 'Install Switchyard 0.3.0 and restart?']);
    expect(fake.dialogs[0]?.['detail']).toContain(`This is 0.2.0. It comes from ${from} (12 B).`);
    expect(detail()).toContain('The 2 trials that run go on during the restart');
    expect([fs.readFileSync(appImage, 'utf8'), fs.statSync(appImage).mode & 0o777]).toEqual(['new AppImage', 0o755]);
    expect(fs.readdirSync(path.dirname(appImage))).toEqual(['Switchyard.AppImage']);
    expect([quits, started.map(([program]) => program)]).toEqual([1, [appImage]]);
    expect(fs.existsSync(path.join(dir, 'updates'))).toBe(false);
  });

  it('is left alone when the answer is no; what was downloaded is kept, and looked at again', async () => {
    const updates = await open(from);
    fake.boxAnswer = 1;
    await updates.ask();
    expect([said(), server?.asked ?? ['latest-linux.yml']]).toEqual([
      ['Download Switchyard 0.3.0?'],
      ['latest-linux.yml'],
    ]);
    fake.boxAnswers = [0, 1];
    await updates.ask();
    expect([fs.readFileSync(appImage, 'utf8'), quits, started]).toEqual(['old', 0, []]);
    const files = (server?.asked ?? []).filter((name) => name.endsWith('.AppImage')).length;
    fake.boxAnswers = [0, 1];
    await updates.ask();
    expect((server?.asked ?? []).filter((name) => name.endsWith('.AppImage'))).toHaveLength(files);
    // Somebody else wrote into it meanwhile: it is fetched anew.
    const kept = path.join(dir, 'updates/downloads/pending/Switchyard-0.3.0.AppImage');
    fs.writeFileSync(kept, 'evil');
    fake.boxAnswers = [0, 0];
    await updates.ask();
    expect(fs.readFileSync(appImage, 'utf8')).toBe('new AppImage');
  });

  it('takes a new name where the old one has the version in it', async () => {
    const named = path.join(path.dirname(appImage), 'Switchyard-0.2.0.AppImage');
    fs.renameSync(appImage, named);
    await (await open(from, { installation: { kind: 'AppImage', file: named } })).ask();
    expect(fs.readdirSync(path.dirname(named))).toEqual(['Switchyard-0.3.0.AppImage']);
    expect(started[0]?.[0]).toBe(path.join(path.dirname(named), 'Switchyard-0.3.0.AppImage'));
  });

  it('costs the old one nothing when it cannot be put in its place', async () => {
    const updates = await open(from);
    fake.boxAnswers = [0, 1];
    await updates.ask();
    const kept = path.join(dir, 'updates/downloads/pending/Switchyard-0.3.0.AppImage');
    await expect(replaceAppImage(`${kept}.gone`, appImage)).rejects.toThrow('ENOENT');
    await expect(replaceAppImage(path.dirname(kept), appImage)).rejects.toThrow(/EISDIR|ERR_FS/);
    expect(fs.readdirSync(path.dirname(appImage))).toEqual(['Switchyard.AppImage']);
    expect(fs.readFileSync(appImage, 'utf8')).toBe('old');
  });

  it('is refused when it is not what was promised, or nothing was promised, and the old one stays', async () => {
    for (const sha512 of ['AAAA', '""', '']) {
      fillPlace(place, { ...NEW, sha512 });
      await (await open(from)).ask();
      expect(said().at(-1), logged.join('\n')).toBe('Switchyard 0.3.0 was refused');
      expect(detail()).toContain('Nothing was changed');
    }
    fillPlace(place, NEW);
    fs.writeFileSync(path.join(place, 'Switchyard-0.3.0.AppImage'), 'new AppImagf');
    await (await open(from)).ask();
    expect([said().at(-1), detail()]).toEqual(['Switchyard 0.3.0 was refused', expect.stringContaining('sha512')]);
    expect([fs.readFileSync(appImage, 'utf8'), quits]).toEqual(['old', 0]);
    expect(fs.readdirSync(path.join(dir, 'updates/downloads/pending'))).toEqual([]);
  });

  it('is none when it is not newer, not for this installation, or not to be understood', async () => {
    for (const [version, message] of [
      ['0.2.0', 'Switchyard 0.2.0 is the newest version'],
      ['0.1.9', 'Switchyard 0.2.0 is newer than what lies there'],
    ] as const) {
      fillPlace(place, { ...NEW, version });
      await (await open(from)).ask();
      expect(said().at(-1)).toBe(message);
    }
    fillPlace(place, { version: '0.3.0', files: { 'Switchyard-0.3.0.deb': 'new deb' } });
    await (await open(from)).ask();
    expect(said().at(-1)).toBe('Switchyard 0.3.0 is there, but not for this installation');
    for (const text of [
      '',
      'hello',
      '{',
      'version: 3',
      'version: newest',
      '<html>',
      '\u0000\u0001',
      '- 1',
      'version: [0.3.0',
    ]) {
      fs.writeFileSync(path.join(place, 'latest-linux.yml'), text);
      await (await open(from)).ask();
      expect([text, said().at(-1)]).toEqual([text, 'What lies there cannot be understood']);
    }
    for (const files of ['files: x', 'files: [1, null, {url: 3}]', 'files: {url: a.AppImage}', '']) {
      fs.writeFileSync(path.join(place, 'latest-linux.yml'), `version: 0.3.0\n${files}\n`);
      await (await open(from)).ask();
      expect([files, said().at(-1)]).toEqual([files, expect.stringMatching(/not for this installation|understood/)]);
    }
    expect([fs.readFileSync(appImage, 'utf8'), quits]).toEqual(['old', 0]);
  });

  it('is told to be out of reach where nobody is, or nothing', async () => {
    fs.rmSync(path.join(place, 'latest-linux.yml'));
    await (await open(from)).ask();
    expect([said(), detail()]).toEqual([
      ['The place with new versions could not be read'],
      expect.stringMatching(/404|no such file/),
    ]);
    await server?.close();
    fs.rmSync(place, { recursive: true });
    await (await open(from)).ask();
    expect(detail()).toMatch(/CONNECTION_REFUSED|no such file/);
  });
});

describe('a Debian package', () => {
  const deb = { installation: { kind: 'deb' } } as const;
  function stub(name: string, script: string): void {
    const bin = path.join(dir, 'bin');
    fs.mkdirSync(bin, { recursive: true });
    fs.writeFileSync(path.join(bin, name), `#!/bin/sh\necho "${name} $*" >>"${dir}/ran"\n${script}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
  }

  it('is installed by the package manager, and the installed program is started again', async () => {
    stub('apt-get', 'cat "$3" >"$0.got"');
    stub('pkexec', 'exec "$@"');
    await (await open(place, deb)).ask();
    expect(detail()).toContain('The system asks for your password');
    expect(fs.readFileSync(path.join(dir, 'ran'), 'utf8')).toContain('apt-get install --yes /');
    expect(fs.readFileSync(path.join(dir, 'bin/apt-get.got'), 'utf8')).toBe('new deb');
    expect([quits, started.map(([program]) => program)]).toEqual([1, [process.execPath]]);
  });

  it('that cannot be installed leaves this version as it is, and the command to type', async () => {
    stub('apt-get', 'echo "E: dpkg was interrupted" >&2; exit 100');
    stub('pkexec', 'exec "$@"');
    await (await open(place, deb)).ask();
    expect([said().at(-1), quits]).toEqual(['Switchyard 0.3.0 could not be installed', 0]);
    expect(detail()).toMatch(/^E: dpkg was interrupted\n.*sudo apt install '\/.*\.deb'$/s);
  });

  it('asks for the right to install, which may be refused or not to be had', async () => {
    stub('pkexec', 'exit 126');
    expect(await installDeb('/x.deb', false)).toEqual({ kind: 'dismissed' });
    expect(fs.readFileSync(path.join(dir, 'ran'), 'utf8')).toBe('pkexec apt-get install --yes /x.deb\n');
    vi.stubEnv('PATH', path.join(dir, 'nowhere'));
    expect(await installDeb('/x.deb', false)).toMatchObject({ kind: 'failed', why: expect.stringContaining('pkexec') });
  });
});

it('asking again while it is downloaded says how far that is', async () => {
  const goOn = Promise.withResolvers<void>();
  server = await servePlace(place, (name, response) => {
    if (!name.endsWith('.AppImage')) return false;
    response.write('new Ap');
    void goOn.promise.then(() => response.end('pImage'));
    return true;
  });
  const window = new electron.BrowserWindow({});
  const updates = await open(server.url, { window: () => window as unknown as Electron.BrowserWindow });
  fake.boxAnswers = [0, 0, 1];
  const first = updates.ask();
  await vi.waitFor(() => expect(window.progress).toBe(0.5), { timeout: 15_000 });
  await updates.ask();
  expect(fake.dialogs.at(-1)).toMatchObject({
    message: 'Switchyard 0.3.0 is being downloaded',
    detail: expect.stringContaining('50 % so far') as unknown,
  });
  goOn.resolve();
  await first;
  expect([window.progress, said().at(-1)]).toEqual([-1, 'Install Switchyard 0.3.0 and restart?']);
});

describe('the source', () => {
  const expected = { sha512: 'x' };
  const options = { fetch, onProgress: () => undefined };

  it('gives up a server that says nothing, before or in the middle', async () => {
    server = await servePlace(place, (name, response) => {
      if (name === 'half.AppImage') response.write('half');
      return true;
    });
    const source = createUpdateSource({ ...options, place: { kind: 'server', url: server.url }, patienceMs: 100 });
    await expect(source.request(partsOf(`${server.url}/latest-linux.yml`))).rejects.toThrow('it says nothing');
    const half = new URL(`${server.url}/half.AppImage`);
    await expect(source.download(half, path.join(dir, 'half'), expected)).rejects.toThrow('it says nothing');
  });

  it('tells a full disk from a place that cannot be read', async () => {
    const source = createUpdateSource({ ...options, place: { kind: 'directory', path: place } });
    const file = pathToFileURL(path.join(place, 'Switchyard-0.3.0.AppImage'));
    await expect(source.download(file, '/dev/full', expected)).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  it('takes no answer without end', async () => {
    server = await servePlace(place, (_name, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536, 'x'), more);
      };
      more();
      return true;
    });
    const source = createUpdateSource({ ...options, place: { kind: 'server', url: server.url } });
    await expect(source.request(partsOf(`${server.url}/latest-linux.yml`))).rejects.toThrow('does not end');
  });

  it('leaves a directory for nowhere else, and waits for no pipe', async () => {
    fs.writeFileSync(path.join(dir, 'secret.AppImage'), 'x');
    await promisify(execFile)('mkfifo', [path.join(place, 'pipe.AppImage')]);
    const source = createUpdateSource({ ...options, place: { kind: 'directory', path: place } });
    const served = createUpdateSource({ ...options, place: { kind: 'server', url: 'https://updates.invalid' } });
    const to = path.join(dir, 'got');
    const outside = pathToFileURL(path.join(dir, 'secret.AppImage'));
    await expect(source.download(outside, to, expected)).rejects.toThrow('elsewhere');
    await expect(source.download(new URL('https://updates.invalid/x'), to, expected)).rejects.toThrow('elsewhere');
    await expect(served.download(outside, to, expected)).rejects.toThrow('elsewhere');
    const pipe = pathToFileURL(path.join(place, 'pipe.AppImage'));
    await expect(source.download(pipe, to, expected)).rejects.toThrow('is no file');
  });
});

describe('where updates are looked for', () => {
  it('is off, a directory or a server that nobody can speak for', () => {
    expect(['', 'off', ' OFF '].map(readUpdatePlace)).toEqual(Array.from({ length: 3 }, () => ({ kind: 'off' })));
    expect(readUpdatePlace('/mnt/share/switchyard')).toEqual({ kind: 'directory', path: '/mnt/share/switchyard' });
    for (const [text, url] of [
      ['https://updates.lab/switchyard/', 'https://updates.lab/switchyard'],
      ['http://localhost:8000', 'http://localhost:8000'],
      ['http://[::1]:80/x', 'http://[::1]/x'],
    ])
      expect(readUpdatePlace(text ?? '')).toEqual({ kind: 'server', url });
    for (const [text, why] of [
      ['http://updates.lab/', 'needs https'],
      ['http://127.evil.example/', 'needs https'],
      ['https://me:secret@updates.lab/', 'no secrets'],
      ['https://updates.lab/?token=x', '"?"'],
      ['~/packages', 'none of these'],
      ['packages', 'none of these'],
      ['ftp://updates.lab', 'none of these'],
    ])
      expect(readUpdatePlace(text ?? '')).toContain(why);
  });

  it('follows from how the program was installed', () => {
    const facts = { isPackaged: true, platform: 'linux', appImage: undefined, packageType: null } as const;
    const cases: [Parameters<typeof installationOf>[0], Installation][] = [
      [{ ...facts, isPackaged: false }, { kind: 'sources' }],
      [facts, { kind: 'other' }],
      [{ ...facts, packageType: 'deb\n' }, { kind: 'deb' }],
      [
        { ...facts, packageType: 'deb', appImage: '/a/S.AppImage' },
        { kind: 'AppImage', file: '/a/S.AppImage' },
      ],
      [{ ...facts, platform: 'darwin', packageType: 'deb' }, { kind: 'other' }],
    ];
    for (const [given, installation] of cases) expect(installationOf(given)).toEqual(installation);
  });
});

function partsOf(address: string): { protocol: string; hostname: string; port: string; path: string } {
  const { protocol, hostname, port, pathname } = new URL(address);
  return { protocol, hostname, port, path: pathname };
}
