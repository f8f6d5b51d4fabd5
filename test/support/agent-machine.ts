/** A machine elsewhere, as far as a test can see: a directory of this one, on which the real agent works through a real mailbox. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { AgentConfig } from '../../electron/cloud/agent-protocol.ts';
import { MailboxError, type Mailbox } from '../../electron/ports/mailbox.ts';
import { ProviderError, type Machine, type MachineRequest, type Provider } from '../../electron/ports/provider.ts';
import { createDirectoryMailbox } from '../../native/mailbox/directory-mailbox.ts';

const run = promisify(execFile);
export const AGENT_FILE = path.join(import.meta.dirname, '..', '..', 'resources', 'agent', 'agent.py');

export interface AgentMachine {
  readonly root: string;
  homeOf(attemptId: string): string;
  provider(): Provider;
  /** While it is set, or a file of that name is in its directory, nothing of it can be reached. */
  cut: boolean;
  /** How often a machine was asked for. */
  readonly provisions: string[];
  /** Pid of the agent that works on an attempt. */
  agentPid(attemptId: string): number;
  /** Removes the directory; attempts have to be ended before. */
  close(): void;
}

export interface AgentMachineOptions {
  /** Its directory, which may be there already; missing = a new one. */
  readonly root?: string;
  /** Added to what the agent sees. */
  readonly env?: Readonly<Record<string, string>>;
  /** GPUs its nvidia-smi lists; missing = there is none. */
  readonly gpuUuids?: readonly string[];
  readonly gpuWaitS?: number;
  readonly deadlineMs?: number | null;
}

export function createAgentMachine(options: AgentMachineOptions = {}): AgentMachine {
  const root = options.root ?? mkdtempSync(path.join(os.tmpdir(), 'switchyard-machine-'));
  mkdirSync(path.join(root, 'attempts'), { recursive: true });
  const home = (attemptId: string): string => path.join(root, 'attempts', attemptId);
  const smi = path.join(root, 'nvidia-smi');
  const lines = (options.gpuUuids ?? []).map((uuid, index) => `echo 'GPU ${index}: NVIDIA Test (UUID: ${uuid})'`);
  writeFileSync(smi, `#!/bin/sh\n${lines.length === 0 ? 'echo "No devices were found"; exit 6' : lines.join('\n')}\n`, {
    mode: 0o755,
  });
  const env = { ...process.env, SWITCHYARD_NVIDIA_SMI: smi, ...options.env };
  const agent = async (...words: readonly string[]): Promise<Machine['state']> => {
    const { stdout } = await run('python3', [AGENT_FILE, ...words], { env });
    return (JSON.parse(stdout) as { state: 'running' | 'gone' }).state;
  };
  const describe = (request: Pick<MachineRequest, 'attemptId' | 'engineId'>, state: Machine['state']): Machine => ({
    ref: `machine-of-${request.attemptId}`,
    attemptId: request.attemptId,
    engineId: request.engineId,
    region: '',
    state,
    startedAtMs: null,
    deadlineMs: null,
    preempted: false,
  });
  const isCut = (): boolean => machine.cut || existsSync(path.join(root, 'cut'));
  const reach = (): void => {
    if (isCut()) throw new ProviderError('network', 'The machine cannot be reached.');
  };
  const configFile = (attemptId: string): string => path.join(root, 'attempts', `${attemptId}.json`);

  async function start(request: MachineRequest): Promise<Machine> {
    reach();
    const config: AgentConfig = {
      attemptId: request.attemptId,
      home: home(request.attemptId),
      environments: path.join(root, 'environments'),
      mailbox: { kind: 'directory', path: path.join(root, 'mailbox') },
      prefix: request.prefix,
      specSha256: request.specSha256,
      gpuWaitS: options.gpuWaitS ?? 2,
      deadlineMs: options.deadlineMs ?? null,
    };
    writeFileSync(configFile(request.attemptId), JSON.stringify(config), { mode: 0o600 });
    writeFileSync(`${configFile(request.attemptId)}.engine`, request.engineId);
    return describe(request, await agent('start', configFile(request.attemptId)));
  }

  function mailbox(): Mailbox {
    const real = createDirectoryMailbox(path.join(root, 'mailbox'));
    const guarded =
      <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        if (isCut()) throw new MailboxError('network', 'The machine cannot be reached.');
        return call(...args);
      };
    return {
      put: guarded(real.put),
      read: guarded(real.read),
      fetch: guarded(real.fetch),
      list: guarded(real.list),
      remove: guarded(real.remove),
      close: () => real.close(),
    };
  }

  const machine: AgentMachine = {
    root,
    cut: false,
    provisions: [],
    homeOf: home,
    agentPid: (attemptId) =>
      (JSON.parse(readFileSync(path.join(home(attemptId), 'agent.lock'), 'utf8')) as { pid: number }).pid,
    provider: () => ({
      check: () => Promise.resolve([]),
      quote: () => Promise.resolve({ free: true, perHourUsd: null, diskPerHourUsd: null, source: null }),
      provision: (request) => {
        machine.provisions.push(request.attemptId);
        return start(request);
      },
      revive: start,
      async observe(request) {
        reach();
        return describe(request, await agent('state', home(request.attemptId)));
      },
      async terminate({ attemptId }) {
        reach();
        await agent('end', home(attemptId));
        rmSync(configFile(attemptId), { force: true });
        rmSync(`${configFile(attemptId)}.engine`, { force: true });
      },
      list() {
        reach();
        const names = readdirSync(path.join(root, 'attempts'), { withFileTypes: true });
        return Promise.resolve(
          names
            .filter((entry) => entry.isDirectory())
            .map(({ name }) =>
              describe({ attemptId: name, engineId: readFileSync(`${configFile(name)}.engine`, 'utf8') }, 'running'),
            ),
        );
      },
      mailbox() {
        reach();
        return Promise.resolve(mailbox());
      },
      byHand: () => ({ command: '', url: null }),
      close: () => Promise.resolve(),
    }),
    close() {
      rmSync(root, { recursive: true, force: true });
    },
  };
  return machine;
}

export const agentSha256 = (): string => createHash('sha256').update(readFileSync(AGENT_FILE)).digest('hex');
