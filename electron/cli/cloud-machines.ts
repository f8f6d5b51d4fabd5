/** The verbs of `switchyard cloud` that are about machines over SSH. */
import path from 'node:path';
import type { Command } from 'commander';
import type { GpuStatus, MachineGpus } from '../contract/gpus.ts';
import type { Pool } from '../contract/pools.ts';
import type { TargetCheck, TargetFinding } from '../contract/targets.ts';
import { createVerb, show } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { describePool, sayTarget } from './describe-pool.ts';
import { CliError, ExitCode, usageError } from './exit-codes.ts';
import { findPool } from './find-pool.ts';
import { readTextFile } from './read-text-file.ts';
import { formatTable, plain } from './table.ts';
import type { Terminal } from './terminal.ts';

interface MachineFlags {
  readonly json?: boolean;
  readonly root?: string;
  readonly name?: string;
  readonly id?: string;
  readonly setup?: string;
  readonly setupFile?: string;
}

export function addMachineVerbs(cloud: Command, context: CommandContext): void {
  const sub = (name: string, description: string, examples: readonly string[]): Command =>
    createVerb(
      `${name}`,
      description,
      examples.map((line) => `cloud ${line}`),
      context,
    );
  const HOST_HELP = 'the name as your own ssh knows it: an alias of ~/.ssh/config, or user@host';
  const ROOT_HELP = 'directory there for the work (default: ~/.switchyard-agent)';
  cloud.addCommand(
    sub('check', 'Look at a machine over SSH: what is there, and what stands in the way. Nothing is made or kept.', [
      'check gpu-box',
    ])
      .argument('<host>', HOST_HELP)
      .option('--root <dir>', ROOT_HELP)
      .action(async (host: string, flags: MachineFlags) => {
        const client = await context.connect();
        const found = await client.request<TargetCheck>('POST', '/pools/check', {
          target: readTarget(host, flags, context),
        });
        show(context, flags.json, found, () => describeCheck(host, found, context.terminal));
        if (!found.usable) throw new CliError(ExitCode.refused, `${host} cannot be used as it is.`);
      }),
  );
  cloud.addCommand(
    sub(
      'add-machine',
      'Make a pool of a machine that you reach over SSH. It is looked at first; your ssh configuration, agent and\n' +
        'known hosts count, and no password is asked for or kept.',
      ['add-machine gpu-box', 'add-machine anna@10.0.0.7 --name "Big box" --setup "source ~/venv/bin/activate"'],
    )
      .argument('<host>', HOST_HELP)
      .option('--name <text>', 'name of the pool (default: the host)')
      .option('--id <id>', 'its id, lower-case letters, digits and dashes')
      .option('--root <dir>', ROOT_HELP)
      .option('--setup <lines>', 'shell lines that run there before a trial without an image')
      .option('--setup-file <file>', 'the same, from a file')
      .action(async (host: string, flags: MachineFlags) => {
        const client = await context.connect();
        const target = readTarget(host, flags, context);
        const name = flags.name ?? host.slice(host.lastIndexOf('@') + 1);
        const made = await client.request<Pool>('POST', '/pools', {
          name,
          target,
          ...(flags.id === undefined ? {} : { id: flags.id }),
        });
        show(context, flags.json, made, () => [
          `Added the pool ${made.id}: ${sayTarget(made)}.`,
          `Trials go there with: switchyard submit --pool ${made.id} ..., or switchyard move 14 --pool ${made.id}`,
        ]);
      }),
  );
  addSetVerb(cloud, context);
  cloud.addCommand(
    sub('ls', 'The pools elsewhere, and whether they can be reached.', ['ls']).action(
      async (flags: { json?: boolean }) => {
        const client = await context.connect();
        const [{ pools }, status] = await Promise.all([
          client.request<{ pools: Pool[] }>('GET', '/pools'),
          client.request<GpuStatus>('GET', '/gpus'),
        ]);
        const elsewhere = pools.filter(({ kind }) => kind !== 'local');
        const machines = status.elsewhere ?? [];
        const answer = elsewhere.map((pool) => ({
          ...pool,
          machine: machines.find(({ poolId }) => poolId === pool.id) ?? null,
        }));
        show(context, flags.json, { pools: answer }, () => describePlaces(answer, context.terminal.width));
      },
    ),
  );
}

function addSetVerb(cloud: Command, context: CommandContext): void {
  cloud.addCommand(
    createVerb(
      'set',
      'Change what runs on a pool elsewhere before its trials; counts from the next start.',
      ['cloud set gpu-box --setup "source ~/venv/bin/activate"', 'cloud set gpu-box --setup none'],
      context,
    )
      .argument('<pool>', 'its id or name')
      .option('--setup <lines>', 'shell lines that run there before a trial without an image, or none')
      .option('--setup-file <file>', 'the same, from a file')
      .action(async (word: string, flags: MachineFlags) => {
        const setup = readSetup(flags, context);
        if (setup === undefined)
          throw usageError('There is nothing to change.', 'For example: switchyard cloud set gpu-box --setup none');
        const client = await context.connect();
        const pool = await findPool(client, word);
        if (pool.target === null)
          throw new CliError(
            ExitCode.refused,
            `${pool.name} is on this workstation.`,
            'Name a pool that is elsewhere.',
          );
        const changed = await client.request<Pool>('PATCH', `/pools/${encodeURIComponent(pool.id)}`, {
          target: { ...pool.target, setup: setup === 'none' ? null : setup },
          expectedRevision: pool.revision,
        });
        show(context, flags.json, changed, () => describePool(changed));
      }),
  );
}

function readSetup(flags: MachineFlags, context: CommandContext): string | undefined {
  if (flags.setup !== undefined && flags.setupFile !== undefined)
    throw usageError('--setup and --setup-file say the same.', 'Give one of them.');
  return flags.setupFile === undefined
    ? flags.setup
    : readTextFile(path.resolve(context.terminal.cwd, flags.setupFile));
}

function readTarget(host: string, flags: MachineFlags, context: CommandContext): object {
  const setup = readSetup(flags, context);
  return {
    provider: 'ssh',
    host,
    ...(flags.root === undefined ? {} : { root: flags.root }),
    ...(setup === undefined ? {} : { setup }),
  };
}

function describeCheck(host: string, found: TargetCheck, terminal: Pick<Terminal, 'paint'>): string[] {
  const MARKS = {
    ok: terminal.paint('ok  ', 'green'),
    warning: terminal.paint('warn', 'yellow'),
    error: terminal.paint('FAIL', 'red'),
  };
  const lines = found.findings.flatMap(({ level, text, remedy }: TargetFinding) => [
    `${MARKS[level]} ${plain(text)}`,
    ...(remedy === null ? [] : [`     ${plain(remedy)}`]),
  ]);
  return found.usable ? [...lines, `Add it with: switchyard cloud add-machine ${host}`] : lines;
}

function describePlaces(
  pools: readonly (Pool & { readonly machine: MachineGpus | null })[],
  width: number | null,
): string[] {
  if (pools.length === 0) return ['No pool is elsewhere. Add a machine with: switchyard cloud add-machine HOST'];
  return formatTable(
    [
      { title: 'POOL' },
      { title: 'STATE' },
      { title: 'WHERE' },
      { title: 'GPUS', align: 'right' },
      { title: '', flexible: true },
    ],
    pools.map((pool) => [
      pool.id,
      pool.state,
      sayTarget(pool),
      pool.machine === null ? '-' : String(pool.machine.gpus.length),
      pool.machine?.problem ?? '',
    ]),
    width,
  );
}
