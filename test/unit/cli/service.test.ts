/** The engine as a systemd user service, with a stand-in for systemctl. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatUnit } from '../../../electron/cli/service-unit.ts';
import { cli, startFakeEngine } from './fake-engine.ts';
import type { CliResult, FakeEngine } from './fake-engine.ts';

describe('the unit', () => {
  it('runs the engine so that trials outlive it, and quotes what systemd would read', () => {
    const unit = formatUnit({
      node: '/opt/my node/bin/node',
      serve: '/home/me/100%/$x/"q"/serve.ts',
      env: { PATH: '/usr/bin', SWITCHYARD_HOME: '/data/$HOME\\', DOCKER_HOST: undefined },
    });
    expect(unit).toContain('\nExecStart="/opt/my node/bin/node" "/home/me/100%%/$$x/\\"q\\"/serve.ts"\n');
    expect(unit).toContain('\nEnvironment="PATH=/usr/bin"\nEnvironment="SWITCHYARD_HOME=/data/$HOME\\\\"\n');
    for (const line of [
      'KillMode=process',
      'OOMPolicy=continue',
      'StandardOutput=null',
      'Restart=on-failure',
      'WantedBy=default.target',
    ])
      expect(unit.split('\n')).toContain(line);
    expect(unit).not.toContain('DOCKER_HOST');
  });
  it('refuses what would begin a line of its own', () => {
    expect(() => formatUnit({ node: '/n', serve: '/s', env: { PATH: '/bin\nExecStart=/evil' } })).toThrow(
      'control characters',
    );
  });
});

describe.skipIf(process.platform !== 'linux')('service (systemd is for Linux)', () => {
  let engine: FakeEngine;
  let unit: string;
  const run = (argv: readonly string[], searchPath = `${engine.home}/bin:/usr/bin:/bin`): Promise<CliResult> =>
    cli(engine.home, ['service', ...argv], {
      env: {
        HOME: engine.home,
        XDG_CONFIG_HOME: path.join(engine.home, 'config'),
        PATH: searchPath,
        VIRTUAL_ENV: '/venv',
      },
    });
  const calls = (): string[] => fs.readFileSync(path.join(engine.home, 'calls'), 'utf8').trim().split('\n');
  const putSystemctl = (body: string): void => {
    fs.mkdirSync(path.join(engine.home, 'bin'), { recursive: true });
    fs.writeFileSync(path.join(engine.home, 'bin', 'systemctl'), `#!/bin/sh\necho "$*" >>"$HOME/calls"\n${body}\n`, {
      mode: 0o755,
    });
  };
  beforeEach(async () => {
    engine = await startFakeEngine({ 'GET /state': { json: { engine: { shell: 'desktop' } } } });
    unit = path.join(engine.home, 'config', 'systemd', 'user', 'switchyard.service');
  });
  afterEach(() => engine.close());

  it('is written, enabled, shown and removed; an engine in a window is left alone', async () => {
    putSystemctl('[ "$2" != is-active ] || { echo inactive; exit 3; }');
    const installed = await run(['install'], `/venv/bin:${engine.home}/bin:/usr/bin:/bin`);
    expect([installed.exitCode, installed.out]).toEqual([0, `Installed ${unit}.\n`]);
    expect(installed.err).toContain('systemctl --user start switchyard');
    expect(fs.readFileSync(unit, 'utf8')).toContain(`Environment="PATH=${engine.home}/bin:/usr/bin:/bin"`);
    expect(fs.readFileSync(unit, 'utf8')).toContain(`Environment="SWITCHYARD_HOME=${engine.home}"`);
    expect((await run(['status'])).out).toContain(
      `Installed (${unit}), inactive.\nAn engine runs, but not as the service.`,
    );
    expect((await run(['remove'])).exitCode).toBe(0);
    expect(fs.existsSync(unit)).toBe(false);
    expect(calls()).toEqual([
      '--user --version',
      '--user daemon-reload',
      '--user enable switchyard.service',
      '--user is-active switchyard.service',
      '--user disable --now switchyard.service',
      '--user daemon-reload',
    ]);
  });
  it('says what to do where systemd is missing or does not answer', async () => {
    expect(await run(['install'], '/nowhere')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('serve.ts') as string,
    });
    expect(fs.existsSync(unit)).toBe(false);
    putSystemctl('[ "$2" = --version ] || { echo "Failed to connect to bus" >&2; exit 1; }');
    expect(await run(['install'])).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/Failed to connect to bus[^]*systemctl --user daemon-reload/) as string,
    });
    expect(fs.existsSync(unit)).toBe(true);
  });
  it.each([[[]], [['instal']], [['install', 'now']], [['status', '--all']]])('%j is wrong usage', async (argv) => {
    expect((await run(argv)).exitCode).toBe(2);
  });
});
