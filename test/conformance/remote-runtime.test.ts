/** What only the remote runtime can show: failures before the program, the environment, checkpoints on their way, the agent on its own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../electron/cloud/destination.ts';
import { ProviderError } from '../../electron/ports/provider.ts';
import type { LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import { AwsTarget } from '../../electron/contract/targets.ts';
import {
  AGENT_FILE,
  createAgentMachine,
  type AgentMachine,
  type AgentMachineOptions,
} from '../support/agent-machine.ts';
import { openAws } from '../support/cloud/aws-lab.ts';
import { startSimCloud, type SimCloud } from '../support/cloud/sim-cloud.ts';
import { waitUntil } from '../support/processes.ts';
import { createRemoteRuntimeOn } from '../support/remote-runtime.ts';
import { createLab, type Lab, type TrialPlan } from '../support/runtime-lab.ts';

let machine: AgentMachine;
let lab: Lab;
let runtime: TrialRuntime;
const reports: string[] = [];

function open(options: AgentMachineOptions = {}, changes: Partial<Destination> = {}): void {
  machine = createAgentMachine(options);
  runtime = createRemoteRuntimeOn(machine, changes, (text) => reports.push(text));
  lab = createLab(null, {
    layOut: runtime.layOut,
    workOf: (attemptId) => path.join(machine.homeOf(attemptId), 'work'),
  });
}

beforeEach(() => {
  reports.length = 0;
});
afterEach(async () => {
  await runtime.sweep(lab.engineId, new Set());
  await runtime.close();
  lab.close();
  machine.close();
});

const sh = (script: string, more: Partial<TrialPlan> = {}): LaunchSpec =>
  lab.plan({ argv: ['sh', '-c', script], ...more });
const hostDir = (spec: LaunchSpec, name: string): string => path.join(path.dirname(spec.logPath), name);
const launch = (spec: LaunchSpec, said: string[] = []): Promise<{ readonly ref: string }> =>
  runtime.launch(spec, (text) => said.push(text), new AbortController().signal);
/** A script that waits for a file. */
const until = (name: string): string => `while [ ! -e ${name} ]; do sleep 0.02; done`;

describe.skipIf(process.platform !== 'linux')('what keeps a program from starting there', () => {
  it('is said when GPUs do not show, and the program does not run without them', async () => {
    open({ gpuUuids: ['GPU-1'], gpuWaitS: 1 });
    const spec = sh('touch ran', { slotUuids: ['box/GPU-1', 'box/GPU-2'] });
    await expect(launch(spec)).rejects.toMatchObject({
      code: 'gpu_gone',
      transient: true,
      message: 'That machine shows 1 of the 2 GPUs the trial needs, not GPU-2.',
    });
    expect(existsSync(path.join(lab.workOf(spec), 'ran'))).toBe(false);
  });

  it('is said when the program is not there', async () => {
    open();
    await expect(launch(lab.plan({ argv: ['no-such-program'] }))).rejects.toMatchObject({
      code: 'command_missing',
      message: 'There is no program "no-such-program" on that machine.',
    });
  });

  it('is said when the set-up command fails, and the log has what it printed', async () => {
    open({}, { setup: { script: 'echo preparing; nonsense-of-a-command', key: 'k' } });
    const spec = sh('touch ran');
    await expect(launch(spec)).rejects.toMatchObject({
      code: 'launch_failed',
      message: 'Its environment could not be set up there: the set-up command ended with 127.',
    });
    expect(existsSync(path.join(lab.workOf(spec), 'ran'))).toBe(false);
    expect(lab.log(spec)).toContain('preparing\n');
    expect(lab.log(spec)).toContain('nonsense-of-a-command');
  });

  it('is said when a directory of this machine is not on that one', async () => {
    open();
    const mount = {
      hostPath: '/no/such/data',
      containerPath: '/~switchyard~/work/data',
      readOnly: true,
      role: 'link',
    } as const;
    const spec = lab.plan({ argv: ['true'] });
    await expect(launch({ ...spec, mounts: [...spec.mounts, mount] })).rejects.toMatchObject({
      code: 'mount_failed',
      message: '/no/such/data does not exist on that machine.',
    });
  });

  it('is no reason to give up where another place of the pool has a machine', async () => {
    const choice = { region: '', machineType: 'elsewhere', spot: false };
    open();
    await runtime.close();
    const codes = { full: 'capacity', narrow: 'quota' } as const;
    const asked: string[] = [];
    runtime = createRemoteRuntimeOn(
      machine,
      { choices: [{ ...choice, region: 'full' }, { ...choice, region: 'narrow' }, choice] },
      (text) => reports.push(text),
      {
        places: [],
        openProvider: () => {
          const provider = machine.provider();
          return Promise.resolve({
            ...provider,
            provision: (request) => {
              const { region } = request.choice;
              asked.push(region);
              if (region === 'full' || region === 'narrow')
                return Promise.reject(new ProviderError(codes[region], `nothing in ${region}`));
              return provider.provision(request);
            },
          });
        },
      },
    );
    const spec = sh('echo here');
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
    expect(asked).toEqual(['full', 'narrow', '']);
    expect(lab.log(spec)).toBe('here\n');
    await runtime.remove(lab.handleOf(spec));
  });

  it('is a changed description, which is never run', async () => {
    open();
    const spec = sh('touch ran');
    const real = machine.provider.bind(machine);
    Object.assign(machine, {
      provider: () => {
        const provider = real();
        return {
          ...provider,
          provision: (request: Parameters<typeof provider.provision>[0]) =>
            provider.provision({ ...request, specSha256: '0'.repeat(64) }),
        };
      },
    });
    await expect(launch(spec)).rejects.toMatchObject({
      message: 'The description of the trial is not the one that was sent.',
    });
    expect(existsSync(path.join(lab.workOf(spec), 'ran'))).toBe(false);
  });
});

describe.skipIf(process.platform !== 'linux')('the environment there', () => {
  it('is made once for the same script and files, and what it exports is the trial’s', async () => {
    const script =
      'if [ ! -e "$SWITCHYARD_ENV/.ready" ]; then echo making; touch "$SWITCHYARD_ENV/.ready"; fi; export FLAVOUR="sweet  sour"';
    open({}, { setup: { script, key: 'same' } });
    const first = sh('echo "[$FLAVOUR]"');
    expect(await lab.run(runtime, first)).toMatchObject({ exitCode: 0 });
    const second = sh('echo "[$FLAVOUR]"; test -z "$SWITCHYARD_PYTHON"');
    expect(await lab.run(runtime, second)).toMatchObject({ exitCode: 0 });
    expect(lab.log(first)).toBe('making\n[sweet  sour]\n');
    expect(lab.log(second)).toBe('[sweet  sour]\n');
  });
});

describe.skipIf(process.platform !== 'linux')('what it made', () => {
  const SAVE =
    'mkdir "$D/.tmp" && echo weights >"$D/.tmp/model" && echo "{}" >"$D/.tmp/.switchyard.json" && mv "$D/.tmp" "$D/step-1"';
  const saves = (script: string): LaunchSpec => sh(script, { env: { D: '/~switchyard~/checkpoints' } });

  it('comes home while it runs: a checkpoint is registered as soon as it is saved', async () => {
    open();
    const spec = saves(`${SAVE}; ${until('go')}`);
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    const model = path.join(hostDir(spec, 'checkpoints'), 'step-1', 'model');
    await waitUntil('the checkpoint is home', () => existsSync(model));
    expect(readFileSync(model, 'utf8')).toBe('weights\n');
    writeFileSync(path.join(lab.workOf(spec), 'go'), '');
    expect(await exit).toMatchObject({ exitCode: 0 });
    expect(readdirSync(hostDir(spec, 'checkpoints'))).toEqual(['step-1']);
  });

  it('is not registered where it arrived torn', async () => {
    open();
    const spec = saves(`${SAVE}; ${until('go')}`);
    const handle = await lab.launch(runtime, spec);
    const parts = path.join(machine.root, 'mailbox', spec.attemptId, 'ckpt', '00000001');
    await waitUntil('it is in the mailbox', () => existsSync(path.join(parts, 'MANIFEST.json')));
    const part = path.join(parts, '0'.repeat(16));
    const bytes = readFileSync(part);
    bytes[700] = (bytes[700] ?? 0) ^ 1;
    writeFileSync(part, bytes);
    const { exit } = runtime.attach(handle);
    await waitUntil('it is refused', () => reports.some((text) => text.includes('it is torn')));
    writeFileSync(path.join(lab.workOf(spec), 'go'), '');
    expect(await exit).toMatchObject({ exitCode: 0 });
    expect(readdirSync(hostDir(spec, 'checkpoints'))).toEqual([]);
  });

  it('is in place at the end as after a run here: changed, new and removed files, links, and nothing outside', async () => {
    open();
    const spec = sh(
      'echo new >changed; rm gone; mkdir -p deep/er; echo x >deep/er/file; ln -s /etc/hostname link; rm -r dir; echo now-a-file >dir; ' +
        'printf program >run.sh; chmod 755 run.sh; ln -s /tmp outside',
    );
    const work = hostDir(spec, 'work');
    for (const name of ['changed', 'gone', 'kept']) writeFileSync(path.join(work, name), name);
    mkdirSync(path.join(work, 'dir'));
    writeFileSync(path.join(work, 'dir', 'old'), 'old');
    expect(await lab.run(runtime, spec)).toMatchObject({ exitCode: 0 });
    expect(readdirSync(work).sort()).toEqual(['changed', 'deep', 'dir', 'kept', 'link', 'outside', 'run.sh']);
    expect(readFileSync(path.join(work, 'changed'), 'utf8')).toBe('new\n');
    expect(readFileSync(path.join(work, 'kept'), 'utf8')).toBe('kept');
    expect(readFileSync(path.join(work, 'dir'), 'utf8')).toBe('now-a-file\n');
    expect(readFileSync(path.join(work, 'deep', 'er', 'file'), 'utf8')).toBe('x\n');
  });
});

describe.skipIf(process.platform !== 'linux')('the agent on its own', () => {
  it('ends a program whose time limit is over, though nobody asks', async () => {
    open({}, { timeLimitMs: 200, graceMs: 60_000 });
    const spec = sh('exec 2>/dev/null; trap "echo asked; exit 9" TERM; while :; do sleep 0.02; done');
    const handle = await lab.launch(runtime, spec);
    await runtime.close();
    const result = path.join(machine.root, 'mailbox', spec.attemptId, 'RESULT.json');
    await waitUntil('it has ended there', () => existsSync(result), 40_000);
    runtime = createRemoteRuntimeOn(machine);
    expect(await runtime.attach(handle).exit).toMatchObject({
      exitCode: 9,
      message: 'It ran into its time limit and was ended by the agent there.',
    });
    expect(lab.log(spec)).toBe('asked\n');
  });

  it('is started again after it was killed together with the keeper: what is left ends, and is told', async () => {
    open();
    const spec = sh('echo ready; exec sleep 600');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    const claim = path.join(machine.homeOf(spec.attemptId), 'program', 'claim');
    const keeper = (JSON.parse(readFileSync(claim, 'utf8')) as { pid: number }).pid;
    process.kill(machine.agentPid(spec.attemptId), 'SIGKILL');
    process.kill(keeper, 'SIGKILL');
    expect(await exit).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
      lost: false,
      message: 'The trial was killed together with its keeper.',
    });
  });

  it('says that the program is lost where the machine was started again', async () => {
    open();
    const spec = sh('echo ready; exec sleep 600');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    await lab.logged(spec, 'ready');
    const claim = path.join(machine.homeOf(spec.attemptId), 'program', 'claim');
    const noted = JSON.parse(readFileSync(claim, 'utf8')) as { pid: number; boot: string };
    process.kill(machine.agentPid(spec.attemptId), 'SIGKILL');
    writeFileSync(claim, JSON.stringify({ ...noted, boot: 'another' }));
    expect(await exit).toMatchObject({ lost: true, message: 'The machine was started again while the trial ran.' });
    process.kill(noted.pid, 'SIGKILL');
  });

  it('is followed to its end past a word that cannot be read and output that never came', async () => {
    open();
    const spec = sh(`echo begin; ${until('go')}; echo end`);
    const up = path.join(machine.root, 'mailbox', spec.attemptId, 'up');
    const handle = await lab.launch(runtime, spec);
    await waitUntil('its first output is in the mailbox', () =>
      readdirSync(up).some((name) => name.endsWith(`.log.${'0'.repeat(16)}`)),
    );
    for (const name of readdirSync(up))
      if (name.endsWith('.hb')) writeFileSync(path.join(up, name), 'no JSON');
      else if (name.includes('.log.')) rmSync(path.join(up, name));
    const { exit } = runtime.attach(handle);
    writeFileSync(path.join(lab.workOf(spec), 'go'), '');
    expect(await exit).toMatchObject({ exitCode: 0 });
    expect(lab.log(spec)).toBe('\n[6 bytes of output are missing here]\nend\n');
    expect(reports.filter((text) => text.includes('cannot be read'))).toHaveLength(1);
  });

  it('has ended where what it says of its end cannot be read', async () => {
    open();
    const spec = sh(`echo begin; ${until('go')}`);
    const handle = await lab.launch(runtime, spec);
    writeFileSync(path.join(lab.workOf(spec), 'go'), '');
    const result = path.join(machine.root, 'mailbox', spec.attemptId, 'RESULT.json');
    await waitUntil('it has ended there', () => existsSync(result));
    writeFileSync(result, '{"version":1}');
    const failed = {
      exitCode: null,
      lost: false,
      message: expect.stringMatching(/^What the machine says of its end cannot be read: /),
    };
    expect(await runtime.recover(handle)).toMatchObject({ kind: 'exited', exit: failed });
    expect(await runtime.attach(handle).exit).toMatchObject(failed);
    expect(lab.log(spec)).toBe('begin\n');
  });

  it('runs a program once, however often it is started', async () => {
    open();
    const spec = sh('echo ran >>count; sleep 0.3');
    const handle = await lab.launch(runtime, spec);
    const { exit } = runtime.attach(handle);
    for (let round = 0; round < 3; round++) {
      process.kill(machine.agentPid(spec.attemptId), 'SIGKILL');
      const intent = JSON.parse(readFileSync(path.join(spec.stateDir, 'remote.json'), 'utf8')) as {
        request: Parameters<NonNullable<ReturnType<AgentMachine['provider']>['revive']>>[0];
      };
      await machine.provider().revive?.(intent.request);
    }
    expect(await exit).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path.join(hostDir(spec, 'work'), 'count'), 'utf8')).toBe('ran\n');
  });
});

describe.skipIf(process.platform !== 'linux')('a machine that is made for the attempt (simulated cloud)', () => {
  /** The real agent on a machine without credentials: everything goes through requests that were handed out. */
  async function openRented(): Promise<SimCloud> {
    const cloud = await startSimCloud({ runs: true });
    const target = AwsTarget.parse({ provider: 'aws', account: 'a', regions: ['us-east-1'], machineType: 'm7i.large' });
    machine = createAgentMachine();
    runtime = createRemoteRuntimeOn(
      machine,
      {
        target,
        choices: [{ region: 'us-east-1', machineType: 'm7i.large', spot: true }],
        machine: { image: null, diskGiB: 20, maxPricePerHourUsd: null },
        lifeMs: 3_600_000,
      },
      (text, error) => reports.push(`${text} ${String(error)}`),
      { openProvider: () => openAws(cloud.endpoint, lab.engineId, readFileSync(AGENT_FILE, 'utf8')), places: [] },
    );
    lab = createLab(null, {
      layOut: runtime.layOut,
      workOf: () => path.join(cloud.ec2.instances[0]?.body?.dir ?? '', 'opt', 'home', 'work'),
    });
    return cloud;
  }

  it('runs the program, sends its log and results and hears what is wished, and is gone afterwards', async () => {
    const cloud = await openRented();
    try {
      const spec = sh(
        'exec 2>/dev/null; echo made >"$O/result"; trap "echo asked; exit 7" TERM; echo ready; while :; do sleep 0.05; done',
        { env: { O: '/~switchyard~/output' } },
      );
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      await runtime.terminate(handle);
      expect(await exit).toMatchObject({ exitCode: 7, lost: false });
      expect(lab.log(spec)).toBe('ready\nasked\n');
      expect(readFileSync(path.join(hostDir(spec, 'output'), 'result'), 'utf8')).toBe('made\n');
      await waitUntil('the machine ended itself', () => cloud.ec2.instances[0]?.state === 'terminated');
      await runtime.remove(handle);
      expect(cloud.ec2.instances).toHaveLength(1);
    } finally {
      await runtime.close();
      await cloud.close();
    }
  });

  it('is asked to stop when it hears that it is taken away, and the next attempt follows without a restart counted', async () => {
    const cloud = await openRented();
    try {
      const spec = sh('exec 2>/dev/null; trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
      const handle = await lab.launch(runtime, spec);
      const { exit } = runtime.attach(handle);
      await lab.logged(spec, 'ready');
      for (const instance of cloud.ec2.instances) instance.isNoticed = true;
      expect(await exit).toMatchObject({
        exitCode: 0,
        lost: true,
        message: 'The provider took the machine back while the trial ran (spot).',
      });
      expect(lab.log(spec)).toBe('ready\nsaved\n');
    } finally {
      await runtime.close();
      await cloud.close();
    }
  });
});
