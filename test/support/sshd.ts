/**
 * A real sshd on loopback: own configuration, port, host key and home; ssh reaches it by a configuration file of its own.
 * Needs root and Debian's openssh-server. Connections can be cut, and the daemon ended and started again on the same port.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { findProgram } from '../runner/components.ts';

const START_DEADLINE_MS = 20_000;

export interface TestSshd {
  /** The name ssh knows it by. */
  readonly host: string;
  /** For whoever calls ssh: an `ssh` on the PATH that knows this host, its key and its host key, as a user's configuration would. */
  readonly env: NodeJS.ProcessEnv;
  /** Home directory of whoever logs in. */
  readonly home: string;
  readonly dir: string;
  readonly port: number;
  /** Cuts every connection there is; the daemon goes on listening. @returns how many there were */
  cut(): number;
  /** Ends the daemon and all connections. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Another host key from now on. */
  changeHostKey(): Promise<void>;
  /** Ends it and removes everything. */
  remove(): Promise<void>;
}

/** Why there can be none here; null = there can. @throws with CI=true, where a missing component is a failure */
export function sshdObstacle(): string | null {
  const obstacle = findObstacle();
  if (obstacle !== null && process.env['CI'] === 'true')
    throw new Error(`tests with a real sshd cannot run: ${obstacle}`);
  return obstacle;
}

function findObstacle(): string | null {
  if (process.platform !== 'linux') return 'a private sshd runs on Linux only';
  if (process.getuid?.() !== 0) return 'starting a private sshd needs root';
  if (findProgram(['sshd']) === null) return 'sshd is not installed (Debian package openssh-server)';
  return findProgram(['ssh']) === null ? 'ssh is not installed (Debian package openssh-client)' : null;
}

/** @param options.path of whoever logs in, before the usual one; options.env beside it */
export async function startSshd(
  options: { readonly path?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestSshd> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-sshd-'));
  const at = (name: string): string => path.join(dir, name);
  const home = at('home');
  mkdirSync(home, { mode: 0o700 });
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  await makeKey(at('host'));
  await makeKey(at('user'));
  writeFileSync(at('authorized_keys'), readFileSync(at('user.pub')), { mode: 0o600 });
  const searchPath = [...(options.path ?? []), process.env['PATH'] ?? '', '/usr/bin', '/bin'].join(':');
  const env = { ...options.env, HOME: home, PATH: searchPath };
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `PidFile ${at('sshd.pid')}`,
      `AuthorizedKeysFile ${at('authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'PrintMotd no',
      'MaxStartups 100',
      `SetEnv ${Object.entries(env)
        .map(([name, value]) => `${name}="${value}"`)
        .join(' ')}`,
      '',
    ].join('\n'),
  );
  const host = 'gpu-box';
  const knowHost = (): void => {
    const [type = '', key = ''] = readFileSync(at('host.pub'), 'utf8').split(' ');
    writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  };
  knowHost();
  writeFileSync(
    at('ssh_config'),
    [
      `Host ${host}`,
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      `  User ${os.userInfo().username}`,
      `  IdentityFile ${at('user')}`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      `  UserKnownHostsFile ${at('known_hosts')}`,
      '  GlobalKnownHostsFile /dev/null',
      '',
    ].join('\n'),
  );
  mkdirSync(at('bin'));
  writeFileSync(at('bin/ssh'), `#!/bin/sh\nexec ${findProgram(['ssh']) ?? 'ssh'} -F ${at('ssh_config')} "$@"\n`, {
    mode: 0o755,
  });
  let daemon: ChildProcess | null = null;

  const sshd: TestSshd = {
    host,
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH'] ?? ''}` },
    home,
    dir,
    port,
    cut() {
      const sessions = descendants(daemon?.pid ?? -1);
      for (const pid of sessions) end(pid);
      return sessions.length;
    },
    async stop() {
      const running = daemon;
      daemon = null;
      if (running?.pid === undefined) return;
      const sessions = descendants(running.pid);
      const gone = once(running, 'exit');
      running.kill('SIGKILL');
      for (const pid of sessions) end(pid);
      await gone;
    },
    async start() {
      const program = findProgram(['sshd']) ?? 'sshd';
      const child = spawn(program, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      daemon = child;
      const until = Date.now() + START_DEADLINE_MS;
      while (!(await listens(port))) {
        if (child.exitCode !== null || Date.now() > until) throw new Error(`sshd did not start: ${said}`);
        await delay(20);
      }
    },
    async changeHostKey() {
      await sshd.stop();
      rmSync(at('host'));
      rmSync(at('host.pub'));
      await makeKey(at('host'));
      await sshd.start();
    },
    async remove() {
      await sshd.stop();
      // What was started there lives on in sessions of its own.
      for (const pid of processesOf(home)) end(pid);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await sshd.start();
  return sshd;
}

async function makeKey(file: string): Promise<void> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
}

/** The daemon's own processes for each connection; not what was started there and lives in a session of its own. */
function descendants(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  const names = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      names.set(Number(name), stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')));
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It has just gone.
    }
  }
  const found: number[] = [];
  const look = (pid: number): void => {
    for (const child of children.get(pid) ?? []) {
      if (!(names.get(child) ?? '').startsWith('sshd')) continue;
      found.push(child);
      look(child);
    }
  };
  look(root);
  return found;
}

/** Whoever has this home directory. */
function processesOf(home: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`HOME=${home}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just gone.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => {
    resolve(true);
    socket.destroy();
  });
  socket.once('error', () => {
    resolve(false);
  });
  return promise;
}
