/** The launcher and the builds of `npm start`. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findBundledNode, runsTypeScript } from '../../../electron/client/other-node.mjs';
import { ensureBundle, hashSources } from '../../../electron/start/bundles.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const LAUNCH = path.join(ROOT, 'electron', 'launch.mjs');

const folders: string[] = [];
const makeFolder = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-launch-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

describe('the launcher', () => {
  it('knows which Node can', () => {
    expect(['18.20.0', '20.20.2', '22.17.1', '22.18.0', '24.0.0', '26.1.0'].map(runsTypeScript)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
  });
  it('finds the Node that came with the dependencies', () => {
    const node = findBundledNode(LAUNCH);
    expect(node).not.toBeNull();
    expect(spawnSync(node ?? '', ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^v24\./);
  });
  it('passes arguments, output and exit code through', () => {
    const script = path.join(makeFolder(), 'script.ts');
    fs.writeFileSync(
      script,
      'const args: string[] = process.argv.slice(2);\nconsole.log(JSON.stringify(args));\nprocess.exitCode = 7;\n',
    );
    const result = spawnSync(process.execPath, [LAUNCH, script, 'a b', '--json', '--'], { encoding: 'utf8' });
    expect([result.status, result.stdout.trim()]).toEqual([7, '["a b","--json","--"]']);
  });
  // The machine's own Node is often older; the launcher must parse and run there.
  const older = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
    .find(
      (file) => fs.existsSync(file) && /^v(18|20)\./.test(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout),
    );
  it.skipIf(older === undefined)('hands over to it from an older Node, with the exit code', () => {
    const script = path.join(makeFolder(), 'script.ts');
    fs.writeFileSync(
      script,
      'const version: string = process.versions.node;\nconsole.log(version);\nprocess.exitCode = 5;\n',
    );
    const result = spawnSync(older ?? '', [LAUNCH, script], { encoding: 'utf8' });
    expect([result.status, result.stdout]).toEqual([5, expect.stringMatching(/^24\./)]);
  });
});

describe('builds', () => {
  const project = (script: string): string => {
    const root = makeFolder();
    fs.mkdirSync(path.join(root, 'node_modules/vite/bin'), { recursive: true });
    fs.mkdirSync(path.join(root, 'renderer'));
    fs.writeFileSync(path.join(root, 'renderer/main.tsx'), 'one');
    fs.writeFileSync(path.join(root, 'node_modules/vite/bin/vite.js'), script);
    return root;
  };
  const works =
    "const fs = require('fs'); fs.mkdirSync('out/renderer', { recursive: true }); fs.writeFileSync('out/renderer/index.html', '');";
  const nothing = (): void => undefined;

  it('are made once, and again when a source changed, by content', async () => {
    const root = project(works);
    expect((await ensureBundle(root, 'ui', nothing)).kind).toBe('built');
    expect((await ensureBundle(root, 'ui', nothing)).kind).toBe('fresh');
    fs.utimesSync(path.join(root, 'renderer/main.tsx'), 1, 1);
    expect((await ensureBundle(root, 'ui', nothing)).kind).toBe('fresh');
    fs.writeFileSync(path.join(root, 'renderer/main.tsx'), 'two');
    expect((await ensureBundle(root, 'ui', nothing)).kind).toBe('built');
  });
  it('that fail leave the older one in use, and say why', async () => {
    const root = project("console.error('no such thing'); process.exit(1);");
    expect(await ensureBundle(root, 'ui', nothing)).toEqual({ kind: 'failed', why: 'no such thing' });
    fs.mkdirSync(path.join(root, 'out/renderer'), { recursive: true });
    fs.writeFileSync(path.join(root, 'out/renderer/index.html'), '');
    expect((await ensureBundle(root, 'ui', nothing)).kind).toBe('stale');
  });
  it('tell files apart that have the same bytes together', () => {
    const [a, b] = [makeFolder(), makeFolder()];
    fs.writeFileSync(path.join(a, 'x'), '12');
    fs.writeFileSync(path.join(a, 'y'), '3');
    fs.writeFileSync(path.join(b, 'x'), '1');
    fs.writeFileSync(path.join(b, 'y'), '23');
    expect(hashSources(a, ['x', 'y'])).not.toBe(hashSources(b, ['x', 'y']));
  });
});
