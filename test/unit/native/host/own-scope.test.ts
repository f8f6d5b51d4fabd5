/** The engine's way out of the scope of an application, on a bus that is a script. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkLogout } from '../../../../native/host/host-checks.ts';
import { readLingering } from '../../../../native/host/lingering.ts';
import { enterOwnScope } from '../../../../native/host/own-scope.ts';
import { readUnitKind, shouldLeaveUnit } from '../../../../native/host/scope-policy.ts';
import { temporaryDirectory } from '../../../fakes/engine.ts';

const MANAGER = '0::/user.slice/user-1000.slice/user@1000.service';
const APP = `${MANAGER}/app.slice/app-gnome-switchyard-4242.scope\n`;
const LOGIN = '0::/user.slice/user-1000.slice/session-3.scope\n';

const ownPath = process.env['PATH'] ?? '';
let dir = '';
let logged: string[] = [];

/** What the manager does when it is asked. The call stands in $*. */
function answerWith(program: string, script: string): void {
  fs.mkdirSync(path.join(dir, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'bin', program), `#!/bin/sh\ncd '${dir}'\n${script}\n`, { mode: 0o755 });
}
const enter = (cgroup: string, isLingering: boolean | null = false): Promise<boolean> => {
  fs.writeFileSync(path.join(dir, 'cgroup'), cgroup);
  return enterOwnScope((message, error) => logged.push(`${message}: ${String(error)}`), {
    pid: 77,
    readCgroup: async () => fs.readFileSync(path.join(dir, 'cgroup'), 'utf8'),
    isLingering: async () => isLingering,
  });
};
const calls = (): string[] => {
  const file = path.join(dir, 'calls');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
};
const MOVES = `echo "$*" >>calls; echo '${MANAGER}/app.slice/switchyard-engine-77.scope' >cgroup`;

beforeEach(() => {
  dir = temporaryDirectory();
  logged = [];
  process.env['PATH'] = `${path.join(dir, 'bin')}:${ownPath}`;
});
afterEach(() => {
  process.env['PATH'] = ownPath;
  fs.rmSync(dir, { recursive: true, force: true });
});

it('knows which units are an application, a login, or its own', () => {
  expect(
    [
      APP,
      `${MANAGER}/app.slice/app-switchyard@autostart.service`,
      `${MANAGER}/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope`,
      LOGIN,
      `${MANAGER}/app.slice/switchyard.service`,
      `${MANAGER}/app.slice/switchyard-engine-9.scope`,
      `${MANAGER}/app.slice/jupyter.service`,
      '0::/system.slice/docker-1.scope',
      '0::/',
      '12:memory:/user.slice/user-1000.slice/session-3.scope',
      '',
    ].map(readUnitKind),
  ).toEqual(['app', 'app', 'app', 'session', 'own', 'own', 'none', 'none', 'none', 'none', 'none']);
  // Without lingering the manager ends with the last logout, and a login's scope does not.
  expect([shouldLeaveUnit('session', true), shouldLeaveUnit('session', false)]).toEqual([true, false]);
});

it('leaves the scope of an application for one in which one that runs out of memory ends alone', async () => {
  answerWith('busctl', MOVES);
  expect(await enter(APP)).toBe(true);
  expect(calls()).toHaveLength(1);
  expect(calls()[0]).toContain('StartTransientUnit ssa(sv)a(sa(sv)) switchyard-engine-77.scope fail 4 PIDs au 1 77');
  expect(calls()[0]).toMatch(/ OOMPolicy s continue 0$/);
  expect(await enter(LOGIN, true)).toBe(true);
  expect(logged).toEqual([]);
});

it('asks an older manager for what it knows', async () => {
  answerWith('busctl', `case "$*" in *OOMPolicy*) exit 1;; esac; ${MOVES}`);
  expect(await enter(APP)).toBe(true);
  expect(calls()[0]).toContain('fail 3 PIDs');
});

it('asks for nothing where it is well or would be worse off', async () => {
  answerWith('busctl', MOVES);
  for (const cgroup of [LOGIN, '', `${MANAGER}/app.slice/switchyard.service\n`])
    expect(await enter(cgroup)).toBe(false);
  expect([calls(), logged]).toEqual([[], []]);
});

it('goes on where it is when the manager refuses or does not move it, and logs why', async () => {
  answerWith('busctl', 'echo "no bus" >&2; exit 1');
  expect(await enter(APP)).toBe(false);
  answerWith('busctl', 'exit 0');
  expect(await enter(APP)).toBe(false);
  expect(logged).toEqual([
    expect.stringContaining('Command failed: busctl'),
    expect.stringContaining('did not move it in time'),
  ]);
});

it('the doctor says when the engine would end with the logout', async () => {
  answerWith('loginctl', 'echo no');
  const isLingering = await readLingering();
  expect(checkLogout({ unit: 'app', isLingering })).toMatchObject({
    status: 'warning',
    remedy: 'To have them go on: loginctl enable-linger',
  });
  expect(checkLogout({ unit: 'session', isLingering })).toMatchObject({ status: 'info' });
  answerWith('loginctl', 'echo yes');
  expect(checkLogout({ unit: 'own', isLingering: await readLingering() })).toMatchObject({ status: 'ok' });
  answerWith('loginctl', 'exit 1');
  expect(checkLogout({ unit: 'app', isLingering: await readLingering() })).toBeNull();
  expect(checkLogout({ unit: 'none', isLingering: false })).toBeNull();
});
