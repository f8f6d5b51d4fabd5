/**
 * What `npm run package:desktop` packs, with a stub in Electron's place (its binary is not needed for that): contents, size, names, and
 * the packed app run on the fake of electron: window, page, command line, log, end.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ensureBundle } from '../../electron/start/bundles.ts';
import { fillPlace } from '../support/update-place.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-desktop-'));
const stub = path.join(dir, 'electron-dist');
const packed = path.join(dir, 'dist', 'linux-unpacked');
const MIB = 1024 * 1024;

/** As Electron's program holds it: where fuses are switched. */
const FUSES = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 10]),
  Buffer.from('0'.repeat(10)),
]);

function makeStub(): void {
  fs.mkdirSync(path.join(stub, 'locales'), { recursive: true });
  for (const language of ['de', 'en-US', 'fr']) fs.writeFileSync(path.join(stub, 'locales', `${language}.pak`), '');
  for (const name of ['LICENSE', 'version', 'chrome-sandbox']) fs.writeFileSync(path.join(stub, name), '');
  fs.writeFileSync(
    path.join(stub, 'electron'),
    Buffer.concat([
      Buffer.from('#!/bin/sh\nexec "$TEST_NODE" "$TEST_ELECTRON" "$0" "$@"\n# '),
      FUSES,
      Buffer.from('\n'),
    ]),
    { mode: 0o755 },
  );
}

/** @returns paths of files below a folder, with their sizes */
function filesOf(folder: string): ReadonlyMap<string, number> {
  return new Map(
    fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(folder, file), fs.statSync(file).size];
      }),
  );
}

const sum = (files: ReadonlyMap<string, number>, isCounted: (file: string) => boolean): number =>
  [...files].reduce((total, [file, bytes]) => (isCounted(file) ? total + bytes : total), 0);

/** Starts the packed program on the fake. @returns what it saw */
async function play(home: string, env: NodeJS.ProcessEnv = {}): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await run(path.join(packed, 'switchyard-desktop'), [], {
    env: {
      ...process.env,
      TERM: 'xterm',
      SHLVL: '1',
      HOME: path.dirname(home),
      SWITCHYARD_HOME: home,
      DOCKER_HOST: 'unix:///nonexistent/docker.sock',
      SWITCHYARD_NVIDIA_SMI: '/nonexistent/nvidia-smi',
      TEST_NODE: process.execPath,
      TEST_ELECTRON: path.join(ROOT, 'test/support/packed-app.ts'),
      ...env,
    },
    maxBuffer: 16 * MIB,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

describe.skipIf(process.platform !== 'linux')('the packed desktop app', () => {
  let files: ReadonlyMap<string, number>;
  /** What the packager would have made of the Debian package and the AppImage. */
  let options: readonly unknown[];

  beforeAll(async () => {
    makeStub();
    for (const bundle of ['desktop', 'cli'] as const) {
      const built = await ensureBundle(ROOT, bundle, () => undefined);
      if (built.kind === 'failed' || built.kind === 'stale') throw new Error(built.why);
    }
    const script = path.join(dir, 'pack.mjs');
    const builder = createRequire(import.meta.url).resolve('electron-builder');
    fs.writeFileSync(
      script,
      `import fs from 'node:fs';
       import { createRequire } from 'node:module';
       const { build, Platform, Arch } = createRequire(import.meta.url)(${JSON.stringify(builder)});
       const { default: config } = await import(${JSON.stringify(path.join(ROOT, 'resources/packaging/electron-builder.ts'))});
       const made = [];
       await build({
         projectDir: ${JSON.stringify(ROOT)},
         publish: 'never',
         targets: Platform.LINUX.createTarget(['dir', 'deb', 'AppImage'], process.arch === 'arm64' ? Arch.arm64 : Arch.x64),
         config: {
           ...config,
           electronDist: ${JSON.stringify(stub)},
           directories: { ...config.directories, output: ${JSON.stringify(path.join(dir, 'dist'))} },
         },
         effectiveOptionComputed: async (option) => {
           // The entry is a file that goes when the packager ends.
           made.push(Array.isArray(option) ? { args: option[0], desktop: fs.readFileSync(option[1], 'utf8') } : option);
           return true;
         },
       });
       fs.writeFileSync(${JSON.stringify(path.join(dir, 'options.json'))}, JSON.stringify(made));`,
    );
    await run(process.execPath, [script], { cwd: ROOT, maxBuffer: 16 * MIB });
    options = JSON.parse(fs.readFileSync(path.join(dir, 'options.json'), 'utf8')) as unknown[];
    files = filesOf(packed);
  }, 600_000);
  afterAll(() => {
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it('holds the window, the command line with its Node, and what trials read; of native code and languages its own', () => {
    for (const needed of [
      'switchyard-desktop',
      'resources/app.asar',
      'resources/cli/switchyard',
      'resources/cli/bin/node',
      'resources/cli/out/cli/cli.cjs',
      'resources/cli/package.json',
      'resources/resources/python/switchyard.py',
      'resources/resources/container/entry-x86_64',
      'resources/resources/icons/tray-idle.png',
      'resources/README.md',
      'resources/app-update.yml',
    ])
      expect([...files.keys()]).toContain(needed);
    // A Debian package says that it is one.
    expect(fs.readFileSync(path.join(packed, 'resources/package-type'), 'utf8')).toBe('deb');
    const ofKind = (pattern: RegExp): string[] => [...files.keys()].filter((file) => pattern.test(file));
    expect(ofKind(/\.node$/).map((file) => path.basename(file))).toEqual([`linux-${process.arch}.node`]);
    expect(ofKind(/\.pak$/)).toEqual(['locales/en-US.pak']);
    expect(ofKind(/\.tsx?$|\.map$|__pycache__|^resources\/cli\/.*inputs/)).toEqual([]);
    const archive = sum(files, (file) => file.startsWith('resources/app.asar'));
    expect(archive / MIB).toBeLessThan(25);
    // Beside Electron itself, most of it is Node.
    const withoutNode = sum(files, (file) => file !== 'resources/cli/bin/node');
    expect(withoutNode / MIB).toBeLessThan(30);
    const told = [archive, withoutNode, sum(files, () => true)].map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`);
    console.log(`packed: archive ${told[0]}, all but Node and Electron ${told[1]}, all but Electron ${told[2]}`);
  });

  it('has a command line that runs where it lies and through a link, and knows its version', async () => {
    const link = path.join(dir, 'switchyard');
    fs.symlinkSync(path.join(packed, 'resources/cli/switchyard'), link);
    const env = { PATH: '/usr/bin:/bin', HOME: dir, SWITCHYARD_HOME: path.join(dir, 'none') };
    expect((await run(link, ['--version'], { env })).stdout).toBe(`${packageJson.version}\n`);
    // There is no engine, and no display on which the window could start one.
    await expect(run(link, ['submit', '--', 'true'], { env })).rejects.toMatchObject({
      stderr: expect.stringContaining('Start the app on the desktop of this machine') as unknown,
    });
  });

  it('gives the window a name of its own, which desktops match, and needs no libfuse2', () => {
    const deb = options.find((one): one is { args: string[]; desktop: string } => 'args' in (one as object));
    const appImage = options.find((one): one is { desktop: string } => !('args' in (one as object)));
    expect(deb?.args.filter((one) => one.endsWith('=/usr/bin/switchyard'))).toHaveLength(1);
    expect(deb?.args.some((one) => one.endsWith('/usr/share/applications/switchyard-desktop.desktop'))).toBe(true);
    expect(deb?.desktop).toContain('\nExec=/opt/Switchyard/switchyard-desktop %U\n');
    for (const entry of [deb?.desktop, appImage?.desktop])
      expect(entry).toContain('\nStartupWMClass=switchyard-desktop\n');
    // The old runtime's entry starts the window without its sandbox.
    expect(appImage?.desktop).toContain('\nExec=AppRun %U\n');
  });

  it('opens its window, serves its page, takes a trial from its command line, streams its log and ends', async () => {
    const home = path.join(dir, 'run', 'data');
    fs.mkdirSync(home, { recursive: true });
    const seen = await play(home);
    expect(seen).toMatchObject({
      url: 'app://switchyard/',
      isShown: true,
      hasPage: true,
      scriptStatus: 200,
      firstStatus: 503,
      submitted: expect.stringContaining('Queued #1') as unknown,
      ended: true,
    });
    // The helper is the data directory's: the package may be a mount that goes.
    expect(seen['said']).toMatch(new RegExp(`^seen\n${home}/helpers/[0-9a-f]+/switchyard\\.py\n$`));
    expect(fs.existsSync(path.join(home, 'engine.sock'))).toBe(false);
  }, 180_000);

  it('replaces its AppImage by a newer one when asked to, and starts it when it has ended', async () => {
    const at = path.join(dir, 'update');
    const home = path.join(at, 'data');
    const appImage = path.join(at, 'Switchyard.AppImage');
    const place = path.join(at, 'place');
    const trace = path.join(at, 'started');
    fs.mkdirSync(home, { recursive: true });
    fs.writeFileSync(appImage, 'old');
    // Says who is there when it starts, and with what.
    const script = `#!/bin/sh\n(ls "${home}/engine.sock" 2>&1; env) >"${trace}.new"\nmv "${trace}.new" "${trace}"\n`;
    fillPlace(place, { version: '9.9.9', files: { 'Switchyard-9.9.9-linux-x86_64.AppImage': script } });
    const seen = await play(home, { APPIMAGE: appImage, APPDIR: '/tmp/.mount_Switch', TEST_UPDATES_FROM: place });
    expect(seen['said']).toEqual(['Download Switchyard 9.9.9?', 'Install Switchyard 9.9.9 and restart?']);
    expect(fs.readFileSync(appImage, 'utf8')).toBe(script);
    await vi.waitFor(() => expect(fs.existsSync(trace)).toBe(true), { timeout: 30_000, interval: 50 });
    expect(fs.readFileSync(trace, 'utf8')).toContain('No such file');
    expect(fs.readFileSync(trace, 'utf8')).not.toMatch(/^APP(IMAGE|DIR)=/m);
  }, 180_000);

  it('ends with a message when a file of it is damaged', async () => {
    const home = path.join(dir, 'damaged', 'data');
    fs.mkdirSync(home, { recursive: true });
    expect(await play(home, { TEST_DAMAGED: '1' })).toEqual({
      said: [expect.stringMatching(/^Switchyard cannot start: .*install Switchyard again/s) as unknown],
      exitCode: 1,
    });
  }, 60_000);
});
