/**
 * What `npm pack` makes installs with `npm install -g` into an empty prefix, on the oldest Node that is promised where there
 * is one, with no build tools on the PATH, and runs the example.
 */
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-package-'));
const prefix = path.join(home, 'prefix');
const installed = path.join(prefix, 'lib', 'node_modules', 'switchyard');
const bin = path.join(home, 'bin');
const env: NodeJS.ProcessEnv = {
  HOME: home,
  PATH: bin,
  SWITCHYARD_HOME: path.join(home, 'data'),
  DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  SWITCHYARD_NVIDIA_SMI: '/nonexistent/nvidia-smi',
};

/** npm itself keeps its settings and its cache: where packages come from is the machine's own affair. */
const npmEnv: NodeJS.ProcessEnv = { ...process.env, PATH: bin, npm_config_update_notifier: 'false' };

/** A Node of the machine's own that comes with npm: 20 where there is one. */
function findNode(): { readonly node: string; readonly npm: string } | null {
  const found = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
    .filter((file) => fs.existsSync(file))
    .map((file) => fs.realpathSync(file))
    .map((node) => ({ node, npm: path.join(node, '../../lib/node_modules/npm/bin/npm-cli.js') }))
    .filter(({ npm }) => fs.existsSync(npm));
  const isOldest = ({ node }: { readonly node: string }): boolean =>
    spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v20.');
  return found.find(isOldest) ?? found[0] ?? null;
}

const machine = findNode();
/** What a bare machine has: no compiler, no make. */
const TOOLS = ['sh', 'env', 'uname', 'git', 'ps', 'sleep', 'cat'];

describe.skipIf(process.platform === 'win32' || machine === null)('the npm package', () => {
  const { node, npm } = machine ?? { node: '', npm: '' };
  let packed: { readonly files: readonly { readonly path: string }[]; readonly version: string };

  async function sw(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    const command = path.join(prefix, 'bin', 'switchyard');
    try {
      const { stdout, stderr } = await run(command, argv, { cwd: home, env });
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as {
        readonly code: number;
        readonly stdout: string;
        readonly stderr: string;
      };
      return { code, out: stdout, err: stderr };
    }
  }

  beforeAll(async () => {
    fs.mkdirSync(bin);
    fs.symlinkSync(node, path.join(bin, 'node'));
    for (const tool of TOOLS) {
      const file = (process.env['PATH'] ?? '')
        .split(path.delimiter)
        .map((folder) => path.join(folder, tool))
        .find((one) => fs.existsSync(one));
      if (file !== undefined) fs.symlinkSync(file, path.join(bin, tool));
    }
    // What lies on the PATH may be a script that looks for the real one.
    const { stdout: python } = await run('python3', ['-c', 'import sys; print(sys.executable)']);
    fs.writeFileSync(path.join(bin, 'python3'), `#!/bin/sh\nexec "${python.trim()}" "$@"\n`, { mode: 0o755 });
    fs.writeFileSync(path.join(bin, 'npm'), `#!/bin/sh\nexec "${node}" "${npm}" "$@"\n`, { mode: 0o755 });
    const made = await run(node, [npm, 'pack', '--json', '--pack-destination', home], {
      cwd: ROOT,
      env: { ...process.env, npm_config_loglevel: 'error' },
      maxBuffer: 16 * 1024 * 1024,
    });
    // What prepack prints comes before it.
    const [one] = JSON.parse(made.stdout.slice(made.stdout.indexOf('[\n'))) as [typeof packed & { filename: string }];
    packed = one;
    await run(node, [npm, 'install', '-g', '--prefix', prefix, '--prefer-offline', path.join(home, one.filename)], {
      cwd: home,
      env: npmEnv,
      maxBuffer: 16 * 1024 * 1024,
    });
  }, 300_000);
  afterAll(async () => {
    if (fs.existsSync(path.join(prefix, 'bin', 'switchyard'))) {
      await sw('kill', '1');
      await sw('stop');
    }
    fs.rmSync(home, { recursive: true, force: true });
  });

  it('holds what runs, and neither sources nor tests', () => {
    const files = packed.files.map((file) => file.path);
    for (const needed of [
      'electron/switchyard.cjs',
      'out/cli/cli.cjs',
      'out/engine/serve.js',
      'out/renderer/index.html',
      'resources/container/entry-x86_64',
      'resources/container/entry-aarch64',
      'resources/process/starter-x86_64',
      'resources/process/starter-aarch64',
      'resources/python/switchyard.py',
    ])
      expect(files).toContain(needed);
    expect(
      files.filter((file) => /[.]tsx?$|^test\/|[.]map$|__pycache__/.test(file) && !file.startsWith('out/main/')),
    ).toEqual([]);
    // A container starts it: it must be executable after npm unpacked it.
    expect(fs.statSync(path.join(installed, 'resources/container/entry-x86_64')).mode & 0o111).toBe(0o111);
    const packages = fs.readdirSync(path.join(installed, 'node_modules'));
    expect(packages).toContain('better-sqlite3');
    for (const name of ['electron', 'vite', 'vitest', 'typescript', 'react', 'prettier'])
      expect(packages).not.toContain(name);
  });
  it('runs the example, and serves its page', { timeout: 300_000 }, async () => {
    const ran = await sw('example', '--wait');
    expect([ran.code, ran.out], ran.err).toEqual([0, expect.stringContaining('Queued #1')]);
    const { out: link, err } = await sw('open', '--print');
    expect(link, err).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/);
    const page = await fetch(link.trim());
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<div id="root"')]);
    // Without an engine a command asks the machine itself, with code of the engine.
    expect(await sw('stop')).toMatchObject({ code: 0 });
    expect(await sw('gpus', '--json')).toMatchObject({ code: 0, err: '' });
    expect((await sw('doctor', '--json')).out).toContain('"checks"');
  });
  it('has one version: of the package, the command, the engine and the changelog', async () => {
    const { version } = packageJson;
    expect(packed.version).toBe(version);
    expect((await sw('--version')).out).toBe(`${version}\n`);
    const listed = await sw('ls');
    expect(listed.code, listed.err).toBe(0);
    const lock = JSON.parse(fs.readFileSync(path.join(home, 'data', 'engine.lock'), 'utf8')) as {
      readonly version: string;
    };
    expect(lock.version).toBe(version);
    expect(/^## (\S+)/m.exec(fs.readFileSync(path.join(installed, 'CHANGELOG.md'), 'utf8'))?.[1]).toBe(version);
  });
});
