/** `npm start` where there is no display: one line that says why, an address that opens, and an orderly end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

it('serves the page headless and ends with SIGTERM', async ({ onTestFinished }) => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-start-'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    SWITCHYARD_HOME: home,
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
    SWITCHYARD_NVIDIA_SMI: '/nonexistent/nvidia-smi',
  };
  delete env['DISPLAY'];
  delete env['WAYLAND_DISPLAY'];
  const args = process.platform === 'linux' ? ['--port', '0'] : ['--headless', '--port', '0'];
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'electron/launch.mjs'), path.join(ROOT, 'electron/start.ts'), ...args],
    { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    fs.rmSync(home, { recursive: true, force: true });
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  let url = '';
  for await (const line of createInterface(child.stdout)) {
    url = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(line)?.[0] ?? '';
    if (url !== '') break;
  }
  expect(url, said).not.toBe('');
  if (process.platform === 'linux') expect(said).toContain('No display found: running headless.');
  const page = await fetch(url);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<div id="root"')]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
