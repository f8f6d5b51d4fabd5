/** `switchyard pool ...` */
import type { Command } from 'commander';
import type { GpuStatus } from '../../contract/gpus.ts';
import type { Pool, PoolSettings } from '../../contract/pools.ts';
import { sendAction, showActionResult, tryAction } from '../act-on-trials.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { readTrialIds } from '../find-trial.ts';
import type { EngineClient } from '../../client/engine-client.ts';
import { confirmLoss, YES_FLAG, type ConfirmFlags } from '../confirm-loss.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';
import { describePool, poolTable } from '../describe-pool.ts';
import { findGpuUuid } from '../find-gpu.ts';
import { findPool } from '../find-pool.ts';
import { addPoolFlags, readPoolSettings } from '../pool-flags.ts';
import type { PoolFlags } from '../pool-flags.ts';

interface Json {
  readonly json?: boolean;
}

export const build: BuildVerb = (context) => {
  const pool = createVerb(
    'pool',
    'Pools: places where trials run, each with its own queue, GPUs, policy and limits.',
    [
      'pool ls',
      'pool create night --gpu 1 --hours 20:00-08:00',
      'pool set workstation --preemption on',
      'pool move 14 night',
    ],
    context,
  );
  const sub = (name: string, description: string, examples: readonly string[]): Command =>
    createVerb(
      name,
      description,
      examples.map((line) => `pool ${line}`),
      context,
    );
  pool
    .usage('VERB [ARGUMENT...]')
    .argument('[words...]')
    .action((words: string[]) => {
      const [word] = words;
      throw usageError(
        word === undefined ? 'pool needs to know what to do.' : `pool does not know "${word}".`,
        `It knows ${pool.commands.map((one) => one.name()).join(', ')}; see "switchyard pool --help".`,
      );
    });
  pool.addCommand(
    sub('ls', 'List the pools.', ['ls']).action(async (flags: Json) => {
      const client = await context.connect();
      const answer = await client.request<{ pools: Pool[] }>('GET', '/pools');
      show(context, flags.json, answer, () => poolTable(answer.pools, context.terminal.width));
    }),
  );
  pool.addCommand(
    sub('show', 'Everything about one pool.', ['show workstation'])
      .argument('<pool>', 'its id')
      .action(async (id: string, flags: Json) => {
        const client = await context.connect();
        const found = await findPool(client, id);
        show(context, flags.json, found, () => describePool(found));
      }),
  );
  pool.addCommand(
    addPoolFlags(sub('create', 'Make a pool out of some GPUs.', ['create night --gpu 1 --hours 20:00-08:00']))
      .argument('<name>', 'its name; the id is made from it')
      .option('--id <id>', 'its id, lower-case letters, digits and dashes')
      .action(async (name: string, flags: PoolFlags & Json & { id?: string }) => {
        const client = await context.connect();
        const body = {
          name,
          gpuUuids: await readGpus(client, flags.gpu),
          settings: readPoolSettings(flags),
          ...(flags.id === undefined ? {} : { id: flags.id }),
        };
        const made = await client.request<Pool>('POST', '/pools', body);
        show(context, flags.json, made, () => `Created the pool ${made.id}.`);
      }),
  );
  pool.addCommand(
    addPoolFlags(
      sub('set', 'Change GPUs, policy, limits or hours of a pool.', [
        'set night --max-running 2',
        'set night --hours none',
      ]),
    )
      .argument('<pool>', 'its id')
      .option('--name <text>', 'its name')
      .action(async (id: string, flags: PoolFlags & Json & { name?: string }) => {
        const client = await context.connect();
        const settings: Partial<PoolSettings> = readPoolSettings(flags);
        const body = {
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.gpu.length === 0 ? {} : { gpuUuids: await readGpus(client, flags.gpu) }),
          ...(Object.keys(settings).length === 0 ? {} : { settings }),
        };
        if (Object.keys(body).length === 0)
          throw usageError('There is nothing to change.', 'For example: switchyard pool set night --max-running 2');
        const changed = await client.request<Pool>('PATCH', `/pools/${encodeURIComponent(id)}`, body);
        show(context, flags.json, changed, () => describePool(changed));
      }),
  );
  pool.addCommand(
    sub('rm', 'Remove a pool. Its GPUs go back to the workstation pool; it must be empty.', ['rm night'])
      .argument('<pool>', 'its id')
      .action(async (id: string, flags: Json) => {
        const client = await context.connect();
        await client.request<undefined>('DELETE', `/pools/${encodeURIComponent(id)}`);
        show(context, flags.json, { removed: id }, () => `Removed the pool ${id}.`);
      }),
  );
  for (const [action, description] of [
    ['pause', 'Start nothing more; what runs goes on.'],
    ['resume', 'Start trials again.'],
    ['drain', 'Start nothing more, and pause when the last running trial ends.'],
  ] as const) {
    pool.addCommand(
      sub(action, description, [`${action} workstation`])
        .argument('[pool]', 'its id (default: the workstation pool)')
        .action(async (id: string | undefined, flags: Json) => {
          const client = await context.connect();
          const target = id ?? (await defaultPool(client)).id;
          const changed = await client.request<Pool>('POST', `/pools/${encodeURIComponent(target)}/actions`, {
            action,
          });
          show(context, flags.json, changed, () => `${changed.name} is ${changed.state}.`);
        }),
    );
  }
  pool.addCommand(
    sub('move', 'Move trials to another pool.', ['move 14 night', 'move 3-7 workstation'])
      .argument('<words...>', 'trials, then the pool')
      .option(...YES_FLAG)
      .action(async (words: string[], flags: ConfirmFlags) => {
        await moveToPool(words, flags, context);
      }),
  );
  return pool;
};

async function moveToPool(words: readonly string[], flags: ConfirmFlags, context: CommandContext): Promise<void> {
  const poolId = words.at(-1) ?? '';
  const ids = await readTrialIds(words.slice(0, -1), context, { meant: 'live' });
  const action = { action: 'pool', poolId } as const;
  await confirmLoss(context, ids, 'pool', flags, () => tryAction(context, ids, action));
  showActionResult(context, flags.json, await sendAction(context, ids, action));
}

async function defaultPool(client: EngineClient): Promise<Pool> {
  const { pools } = await client.request<{ pools: Pool[] }>('GET', '/pools');
  const found = pools.find((pool) => pool.isDefault);
  if (found === undefined) throw new CliError(ExitCode.notFound, 'There is no workstation pool.');
  return found;
}

async function readGpus(client: EngineClient, words: readonly string[]): Promise<string[]> {
  if (words.length === 0 || (words.length === 1 && words[0] === 'none')) return [];
  const status = await client.request<GpuStatus>('GET', '/gpus');
  return words.map((word) => findGpuUuid(status, word));
}
