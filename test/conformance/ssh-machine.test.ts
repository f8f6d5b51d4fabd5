/** Machines over SSH, on a real sshd: the mailbox, agents, and what happens when the connection goes. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MachineRequest, Provider } from '../../electron/ports/provider.ts';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { readProcessOwners } from '../../native/host/process-owners.ts';
import { createBoxLink, type BoxLink } from '../../native/ssh/box-link.ts';
import { checkMachine } from '../../native/ssh/check-machine.ts';
import { createSshGpuProbe, createSshHostProbe } from '../../native/ssh/ssh-machine.ts';
import { createSshMailbox } from '../../native/ssh/ssh-mailbox.ts';
import { createSshProvider } from '../../native/ssh/ssh-provider.ts';
import { createFakeGpus, type FakeGpus } from '../fakes/nvidia-smi/scenario.ts';
import { waitUntil } from '../support/processes.ts';
import { sshdObstacle, startSshd, type TestSshd } from '../support/sshd.ts';
import { mailboxConforms } from './suites/mailbox.ts';

const BOX = path.join(import.meta.dirname, '../../resources/agent/box.py');
const ROOT = '~/.switchyard-agent';

describe.skipIf(sshdObstacle() !== null)('a machine over SSH', () => {
  let sshd: TestSshd;
  let dir: string;
  const links: BoxLink[] = [];
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.remove());
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-ssh-'));
  });
  afterEach(() => {
    for (const link of links.splice(0)) link.close();
    rmSync(dir, { recursive: true, force: true });
  });
  function linkOf(engineId: string, host = sshd.host, env = sshd.env, root = ROOT): BoxLink {
    const link = createBoxLink({
      host,
      boxFile: BOX,
      env,
      nowMs: Date.now,
      monotonicMs: () => performance.now(),
      place: { root, engineId },
    });
    links.push(link);
    return link;
  }
  const placeOf = (engineId: string): string => path.join(sshd.home, '.switchyard-agent', engineId);

  describe('as a mailbox', () => {
    describe('by the suite of all mailboxes', () => {
      mailboxConforms(() => Promise.resolve(createSshMailbox(linkOf('suite'))));
    });

    it('keeps its directories to itself, and leaves nothing beside them', async () => {
      const box = createSshMailbox(linkOf('private'));
      await box.put('a/b', Buffer.from('x'));
      for (const place of [placeOf('private'), path.join(placeOf('private'), 'box', 'a')])
        expect(statSync(place).mode & 0o077).toBe(0);
      await box.remove('a/');
      expect(readdirSync(path.join(placeOf('private'), 'box'))).toEqual([]);
      expect(readdirSync(path.join(placeOf('private'), 'parts'))).toEqual([]);
    });

    it('follows no link out of its directory', async () => {
      const box = createSshMailbox(linkOf('links'));
      await box.put('a/b', Buffer.from('x'));
      writeFileSync(path.join(dir, 'secret'), 'secret');
      symlinkSync(path.join(dir, 'secret'), path.join(placeOf('links'), 'box', 'a', 'link'));
      symlinkSync(dir, path.join(placeOf('links'), 'box', 'a', 'out'));
      await expect(box.read('a/link')).rejects.toThrow();
      expect((await box.list('')).objects.map(({ key }) => key)).toEqual(['a/b']);
      await box.remove('a/');
      expect(readFileSync(path.join(dir, 'secret'), 'utf8')).toBe('secret');
    });

    it('a disk that is full is told, and what was not stored is not there', async () => {
      const small = path.join(sshd.home, 'small');
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small]);
      try {
        const box = createSshMailbox(linkOf('small', sshd.host, sshd.env, '~/small/agent'));
        const file = path.join(dir, 'pack');
        writeFileSync(file, randomBytes(8 * 1024 * 1024));
        expect(await box.put('packs/one', { file })).toBe('stored');
        const other = path.join(dir, 'other');
        writeFileSync(other, randomBytes(8 * 1024 * 1024));
        await expect(box.put('packs/two', { file: other })).rejects.toMatchObject({
          name: 'MailboxError',
          code: 'full',
        });
        await expect(box.put('t/a', randomBytes(5 * 1024 * 1024))).rejects.toMatchObject({ code: 'full' });
        expect((await box.list('')).objects.map(({ key }) => key)).toEqual(['packs/one']);
        await box.remove('packs/one');
        expect(await box.put('packs/two', { file: other })).toBe('stored');
      } finally {
        for (const link of links.splice(0)) link.close();
        execFileSync('umount', ['--lazy', small]);
      }
    });

    it('packs nobody sent again for weeks go; one that is sent again stays', async () => {
      const box = createSshMailbox(linkOf('old'));
      for (const key of ['packs/old', 'packs/again', 't1/old']) await box.put(key, Buffer.from('x'));
      const long = new Date(Date.now() - 15 * 86_400_000);
      for (const key of ['packs/old', 'packs/again', 't1/old'])
        utimesSync(path.join(placeOf('old'), 'box', key), long, long);
      expect(await box.put('packs/again', Buffer.from('x'))).toBe('exists');
      const later = createSshMailbox(linkOf('old'));
      expect((await later.list('')).objects.map(({ key }) => key)).toEqual(['packs/again', 't1/old']);
    });

    it('an upload that is cut goes on where it was', async () => {
      const box = createSshMailbox(linkOf('cut'));
      const file = path.join(dir, 'pack');
      const content = randomBytes(24 * 1024 * 1024);
      writeFileSync(file, content);
      let sentTwice = 0;
      let highest = 0;
      for (let cuts = 0; ;) {
        try {
          const onSent = (count: number): void => {
            // What was told as sent is there; the first word of a try says from where it goes on.
            if (count <= highest) sentTwice += 1;
            highest = Math.max(highest, count);
            if (cuts < 6 && count > cuts * 3 * 1024 * 1024 + Math.random() * 1024 * 1024) {
              cuts += 1;
              sshd.cut();
            }
          };
          await box.put('packs/one', { file }, { onSent });
          break;
        } catch (error) {
          expect(error).toMatchObject({ name: 'MailboxError', code: 'network' });
        }
      }
      expect(Buffer.from(await box.read('packs/one')).equals(content)).toBe(true);
      expect(sentTwice).toBeLessThanOrEqual(6 * 4);
    });
  });

  describe('as a provider', () => {
    const request = (attemptId: string, engineId: string): MachineRequest => ({
      attemptId,
      engineId,
      choice: { region: sshd.host, machineType: 'ssh', spot: false },
      machine: null,
      requestedAtMs: 0,
      deadlineMs: null,
      prefix: 't1/a1/',
      specSha256: '0'.repeat(64),
      reads: [],
    });
    /** An agent of a few lines: notes each start, and lives until its directory holds "go". */
    const AGENT = [
      'import json, os, subprocess, sys, time',
      'config = json.load(open(sys.argv[2]))',
      'home = config["home"]',
      'open(os.path.join(home, "starts"), "a").write("x")',
      'if config["prefix"] == "child/":',
      '    subprocess.Popen(["sleep", "1000"], start_new_session=True)',
      // As the keeper of a program: known by its arguments alone.
      '    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", home], env={}, start_new_session=True)',
      'while not os.path.exists(os.path.join(home, "go")):',
      '    time.sleep(0.02)',
      '',
    ].join('\n');
    function providerOf(engineId: string, link = linkOf(engineId)): Provider {
      writeFileSync(path.join(dir, 'agent.py'), AGENT);
      return createSshProvider({
        host: sshd.host,
        root: ROOT,
        engineId,
        link,
        agentFile: path.join(dir, 'agent.py'),
        check: () => Promise.resolve([]),
      });
    }
    const startsOf = (engineId: string, attemptId: string): string => {
      const file = path.join(placeOf(engineId), 'run', attemptId, 'starts');
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    };

    it('starts an agent once, sees it live and end', async () => {
      const provider = providerOf('one');
      const wish = request('one-t1-a1', 'one');
      expect((await provider.observe(wish)).state).toBe('gone');
      const made = await Promise.all([provider.provision(wish), provider.provision(wish)]);
      expect(made.map(({ state }) => state)).toEqual(['running', 'running']);
      expect((await provider.observe(wish)).state).toBe('running');
      await waitUntil('the agent starts', () => startsOf('one', 'one-t1-a1') === 'x');
      // Another engine process of the same engine, over a connection of its own.
      expect((await providerOf('one').provision(wish)).state).toBe('running');
      expect(startsOf('one', 'one-t1-a1')).toBe('x');
      writeFileSync(path.join(placeOf('one'), 'run', 'one-t1-a1', 'go'), '');
      await waitUntil('the agent ends', async () => (await provider.observe(wish)).state === 'gone');
      // What it leaves is found again later, also by an engine that has forgotten it: a trial's environment is in it.
      const box = await provider.mailbox(sshd.host);
      await box.put('one-t2-a1/spec.json', Buffer.from('{}'));
      await box.put('packs/shared', Buffer.from('x'));
      // Neither now: one that is being sent looks like that.
      expect(await provider.list(sshd.host)).toEqual([]);
      const old = new Date(Date.now() - 2 * 3_600_000);
      utimesSync(path.join(placeOf('one'), 'run', 'one-t1-a1'), old, old);
      utimesSync(path.join(placeOf('one'), 'box', 'one-t2-a1'), old, old);
      const left = await provider.list(sshd.host);
      expect(left.map(({ attemptId, state }) => [attemptId, state])).toEqual([
        ['one-t1-a1', 'ending'],
        ['one-t2-a1', 'ending'],
      ]);
      for (const { attemptId, engineId, region } of left) {
        await provider.terminate({ attemptId, engineId, choice: { region, machineType: '', spot: false } });
        await box.remove(`${attemptId}/`);
      }
      expect(await provider.list(sshd.host)).toEqual([]);
    });

    it('an agent outlives the connection, the daemon and the engine', async () => {
      const provider = providerOf('lives');
      const wish = request('lives-t1-a1', 'lives');
      await provider.provision(wish);
      await waitUntil('the agent starts', () => startsOf('lives', 'lives-t1-a1') === 'x');
      await sshd.stop();
      await expect(provider.observe(wish)).rejects.toMatchObject({ name: 'ProviderError', code: 'network' });
      await sshd.start();
      const later = providerOf('lives');
      expect((await later.observe(wish)).state).toBe('running');
      await later.terminate(wish);
      expect((await later.observe(wish)).state).toBe('gone');
    });

    it('ends an agent with all it started, removes its directory, and never starts it again', async () => {
      const provider = providerOf('ends');
      const wish = { ...request('ends-t2-a1', 'ends'), prefix: 'child/' };
      await provider.provision(wish);
      await waitUntil('the agent starts', () => startsOf('ends', 'ends-t2-a1') === 'x');
      await waitUntil('its children start', () => marked('ends-t2-a1') === 2 && named('ends/run/ends-t2-a1') === 2);
      await provider.terminate(wish);
      expect(marked('ends-t2-a1') + named('ends/run/ends-t2-a1')).toBe(0);
      expect(readdirSync(path.join(placeOf('ends'), 'run'))).toEqual([]);
      expect((await provider.provision(wish)).state).toBe('gone');
      expect(marked('ends-t2-a1')).toBe(0);
      // Ended before it was ever started: a provision that comes late starts nothing.
      const late = request('ends-t3-a1', 'ends');
      await provider.terminate(late);
      expect((await provider.provision(late)).state).toBe('gone');
      await provider.terminate(wish);
    });

    it('two engines on one machine do not touch each other', async () => {
      const [a, b] = [providerOf('engine-a'), providerOf('engine-b')];
      const [wishA, wishB] = [request('engine-a-t1-a1', 'engine-a'), request('engine-b-t1-a1', 'engine-b')];
      await Promise.all([a.provision(wishA), b.provision(wishB)]);
      const listed = await a.list(sshd.host);
      expect(listed.map(({ attemptId, engineId }) => [attemptId, engineId])).toEqual([
        ['engine-a-t1-a1', 'engine-a'],
        ['engine-b-t1-a1', 'engine-b'],
      ]);
      const box = await a.mailbox(sshd.host);
      await box.put('t1/a1/x', Buffer.from('a'));
      expect((await (await b.mailbox(sshd.host)).list('')).objects).toEqual([]);
      await a.terminate(wishA);
      expect((await b.observe(wishB)).state).toBe('running');
      await b.terminate(wishB);
    });

    it('a connection cut at any instant of a start leaves one agent or none', async () => {
      for (let round = 0; round < 6; round += 1) {
        const wish = request(`cut-t${round + 1}-a1`, 'cut');
        const provider = providerOf('cut');
        await provider.observe(wish);
        const provision = provider.provision(wish).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
        sshd.cut();
        await provision;
        const later = providerOf('cut');
        expect((await later.provision(wish)).state).toBe('running');
        await waitUntil('the agent starts', () => startsOf('cut', wish.attemptId) !== '');
        expect(startsOf('cut', wish.attemptId)).toBe('x');
        expect(marked(wish.attemptId)).toBe(1);
        await later.terminate(wish);
      }
    });
  });

  describe('its figures', () => {
    let far: TestSshd;
    let fake: FakeGpus;
    beforeEach(async () => {
      fake = createFakeGpus(dir, [{ usedMiB: 100 }, { name: 'NVIDIA Fake A' }]);
      far = await startSshd({ path: [path.dirname(fake.env['SWITCHYARD_NVIDIA_SMI'] ?? '')], env: fake.env });
    });
    afterEach(() => far.remove());
    const open = (): BoxLink =>
      createBoxLink({
        host: far.host,
        boxFile: BOX,
        env: far.env,
        nowMs: Date.now,
        monotonicMs: () => performance.now(),
      });

    it('its GPUs are read as they are here', async () => {
      const link = open();
      links.push(link);
      const there = createSshGpuProbe(link, () => null);
      const here = createGpuProbe({ env: { ...process.env, ...fake.env } });
      const same = async (): Promise<void> => {
        const [a, b] = [await there.read(true), await here.read(true)];
        expect({ ...a, takenAtMs: 0 }).toEqual({ ...b, takenAtMs: 0 });
      };
      await same();
      fake.lose(fake.uuids[1] ?? '');
      await same();
      fake.recover();
      fake.fail('Failed to initialize NVML: Driver/library version mismatch', 18);
      await same();
      fake.remove();
      expect(await there.read(true)).toMatchObject({ source: 'none', problem: null, gpus: [] });
    });

    it('whose its processes are: those of an attempt, of its children, and of others', async () => {
      const link = open();
      links.push(link);
      const child = spawn('sh', ['-c', 'env -i sleep 1000 & echo $!; wait'], {
        env: { ...process.env, SWITCHYARD_ATTEMPT_ID: 'me-t7-a2' },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      const grandchild = Number(said.toString().trim());
      const pid = child.pid ?? 0;
      try {
        const probe = createSshHostProbe(link, ROOT);
        expect(await probe.attemptsOf([pid, grandchild, process.pid, 99_999_999])).toEqual(
          new Map([
            [pid, 'me-t7-a2'],
            [grandchild, 'me-t7-a2'],
          ]),
        );
        expect(await probe.processOwners([process.pid])).toEqual(await readProcessOwners([process.pid]));
        expect(await probe.read()).toMatchObject({ cpuCount: expect.any(Number) as number });
      } finally {
        process.kill(grandchild);
        child.kill();
      }
    });

    it('a check says what is there, and makes nothing', async () => {
      const link = open();
      links.push(link);
      const found = await checkMachine({ provider: 'ssh', host: far.host, root: ROOT, setup: null }, link);
      expect(found.usable).toBe(true);
      expect(found.machine?.gpus.map(({ label, name }) => `${label} ${name}`)).toEqual([
        'GPU 0 NVIDIA Fake RTX 24',
        'GPU 1 NVIDIA Fake A',
      ]);
      expect(found.machine?.workDir).toBe(path.join(far.home, '.switchyard-agent'));
      expect(found.findings.map(({ id }) => id)).toEqual(
        expect.arrayContaining(['reachable', 'python', 'docker', 'driver', 'gpus', 'work', 'disk']),
      );
      expect(readdirSync(far.home)).toEqual([]);
      fake.fail('Failed to initialize NVML: Driver/library version mismatch', 18);
      const broken = await checkMachine({ provider: 'ssh', host: far.host, root: '/proc/nowhere', setup: null }, link);
      expect(broken.usable).toBe(false);
      expect(broken.findings.filter(({ level }) => level === 'error').map(({ id }) => id)).toContain('gpus');
    });

    it('a disk without room, and a place that is taken, are told', async () => {
      const link = open();
      links.push(link);
      writeFileSync(path.join(far.home, 'taken'), '');
      const taken = await checkMachine({ provider: 'ssh', host: far.host, root: '~/taken', setup: null }, link);
      expect(taken.findings.find(({ id }) => id === 'work')).toMatchObject({ level: 'error' });
    });
  });

  describe('what stands in the way is told', () => {
    const reach = (link: BoxLink): Promise<unknown> => link.request({ op: 'host', root: ROOT });

    it('a host key that is not known, and one that changed', async () => {
      const other = await startSshd();
      try {
        await reach(linkOf('k', other.host, other.env));
        await other.changeHostKey();
        await expect(reach(linkOf('k', other.host, other.env))).rejects.toMatchObject({
          code: 'auth',
          about: 'host_key',
          remedy: expect.stringContaining('ssh-keygen -R gpu-box') as string,
        });
        writeFileSync(path.join(other.dir, 'known_hosts'), '');
        await expect(reach(linkOf('k', other.host, other.env))).rejects.toMatchObject({
          code: 'auth',
          message: 'The host key of gpu-box is not known here.',
        });
      } finally {
        await other.remove();
      }
    });

    it('no login, nobody who listens, no such name', async () => {
      const other = await startSshd();
      try {
        writeFileSync(path.join(other.dir, 'authorized_keys'), '');
        await expect(reach(linkOf('k', other.host, other.env))).rejects.toMatchObject({
          code: 'auth',
          about: 'login',
        });
        await other.stop();
        await expect(reach(linkOf('k', other.host, other.env))).rejects.toMatchObject({
          code: 'network',
          about: 'reach',
        });
        await expect(reach(linkOf('k', 'no-such-host.invalid'))).rejects.toMatchObject({
          code: 'network',
          about: 'reach',
        });
      } finally {
        await other.remove();
      }
    });

    it('no Python, one that is too old, a login shell that talks', async () => {
      const bin = path.join(dir, 'bin');
      mkdirSync(bin);
      const other = await startSshd({ path: [bin] });
      const answer = (script: string): void => {
        writeFileSync(path.join(bin, 'python3'), script, { mode: 0o755 });
      };
      try {
        answer('#!/bin/sh\necho "python3: command not found" >&2\nexit 127\n');
        await expect(reach(linkOf('k', other.host, other.env))).rejects.toMatchObject({ about: 'python' });
        answer(
          '#!/bin/sh\nprintf "\\nSWITCHYARD-BOX %s {\\"version\\":1,\\"python\\":[3,6,9]}\\n" "$3"\ncat >/dev/null\n',
        );
        await expect(reach(linkOf('k', other.host, other.env))).rejects.toMatchObject({
          about: 'python',
          message: 'gpu-box has Python 3.6.9; 3.8 or newer is needed.',
        });
        answer('#!/bin/sh\necho Welcome; echo "  SWITCHYARD-BOX nonsense"; PATH=${PATH#*:}; exec python3 "$@"\n');
        await reach(linkOf('k', other.host, other.env));
      } finally {
        await other.remove();
      }
    });
  });
});

/** Processes that have a path with this in it among their arguments. */
function named(part: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(part);
    } catch {
      return false;
    }
  }).length;
}

/** Processes whose environment says that they belong to the attempt. */
function marked(attemptId: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      if (!/^\d+$/.test(name) || !lstatSync(`/proc/${name}`).isDirectory()) return false;
      return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`SWITCHYARD_MACHINE=${attemptId}`);
    } catch {
      return false;
    }
  }).length;
}
