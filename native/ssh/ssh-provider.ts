/**
 * The provider of machines that are there already: "a machine" is the agent of one attempt on it. Nothing is rented, so nothing has
 * a price, and what is not reached costs nothing either.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ProviderError, type Machine, type MachineRequest, type Provider } from '../../electron/ports/provider.ts';
import type { TargetFinding } from '../../electron/contract/targets.ts';
import type { BoxAnswer, BoxLink } from './box-link.ts';
import { SshFault } from './ssh-fault.ts';
import { createSshMailbox } from './ssh-mailbox.ts';
import { quote } from './ssh-command.ts';

export interface SshProviderOptions {
  readonly host: string;
  readonly root: string;
  readonly engineId: string;
  /** Opened for this root and engine; it stays open when the provider is closed. */
  readonly link: BoxLink;
  /** resources/agent/agent.py */
  readonly agentFile: string;
  readonly check: () => Promise<readonly TargetFinding[]>;
}

/** GPUs of a machine that is there answer at once, or do not. */
const GPU_WAIT_S = 30;

const State = z.looseObject({
  state: z.enum(['running', 'ending', 'gone']),
  startedAtMs: z.number().nullable(),
  deadlineMs: z.number().nullable().optional(),
});
const Listed = z.looseObject({
  machines: z.array(State.extend({ attempt: z.string(), engine: z.string() })),
});

export function createSshProvider(options: SshProviderOptions): Provider {
  const { host, root, link, engineId } = options;

  async function ask(head: Parameters<BoxLink['request']>[0], body?: Uint8Array): Promise<BoxAnswer> {
    try {
      return await link.request(head, body);
    } catch (error) {
      if (!(error instanceof SshFault)) throw error;
      const code = error.code === 'network' || error.code === 'auth' ? error.code : 'refused';
      throw new ProviderError(code, error.message, {
        ...(error.remedy === null ? {} : { remedy: error.remedy }),
        // A connection that is cut may have been cut behind the request.
        outcomeUnknown: error.code === 'network',
        cause: error,
      });
    }
  }
  const toMachine = (attemptId: string, found: z.infer<typeof State>, engine = engineId): Machine => ({
    ref: host,
    attemptId,
    engineId: engine,
    region: host,
    state: found.state,
    startedAtMs: found.startedAtMs,
    deadlineMs: found.deadlineMs ?? null,
    preempted: false,
  });

  /** Where none lives; one that died is started again and takes up what its program did meanwhile. */
  async function start(request: MachineRequest): Promise<Machine> {
    const agent = await readFile(options.agentFile);
    const { head } = await ask(
      {
        op: 'start',
        attempt: request.attemptId,
        sha256: createHash('sha256').update(agent).digest('hex'),
        deadlineMs: request.deadlineMs,
        config: {
          attemptId: request.attemptId,
          prefix: request.prefix,
          specSha256: request.specSha256,
          deadlineMs: request.deadlineMs,
          gpuWaitS: GPU_WAIT_S,
        },
      },
      agent,
    );
    return toMachine(request.attemptId, State.parse(head));
  }

  return {
    check: () => options.check(),
    quote: () => Promise.resolve({ free: true, perHourUsd: null, diskPerHourUsd: null, source: null }),

    provision: start,
    revive: start,

    async observe(request) {
      const { head } = await ask({ op: 'look', attempt: request.attemptId });
      return toMachine(request.attemptId, State.parse(head));
    },

    async terminate(request) {
      await ask({ op: 'end', attempt: request.attemptId });
    },

    async list() {
      const { head } = await ask({ op: 'machines', root });
      return Listed.parse(head).machines.map((found) => toMachine(found.attempt, found, found.engine));
    },

    mailbox: () => Promise.resolve(createSshMailbox(link)),
    byHand: () => ({ command: `ssh ${quote(host)} pgrep -af switchyard`, url: null }),
    close: () => Promise.resolve(),
  };
}
