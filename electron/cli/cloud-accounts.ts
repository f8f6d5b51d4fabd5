/** `switchyard cloud accounts, types, policy, machines, money, scan`: rented machines, who pays for them, and what is left of them. */
import type { Command } from 'commander';
import type { EngineClient } from '../client/engine-client.ts';
import type {
  AccountBody,
  AccountCheck,
  AccountCredentials,
  AccountPolicy,
  CloudAccount,
  CloudMachine,
  CloudMoney,
  CloudScan,
  MachineCatalogue,
} from '../contract/cloud.ts';
import { createVerb, show } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, ExitCode, usageError } from './exit-codes.ts';
import { formatTable, plain } from './table.ts';
import { readStdin } from './terminal.ts';

interface Json {
  readonly json?: boolean;
}
interface AccountFlags extends Json {
  readonly accessKey?: string;
  readonly profile?: string;
  readonly sso?: string;
  readonly role?: string;
  readonly externalId?: string;
  readonly environment?: boolean;
  readonly endpoint?: string;
}

/** Not known is "?", never 0. */
const usd = (amount: number | null): string => (amount === null ? '?' : `$${amount.toFixed(2)}`);
const pathOf = (name: string): string => `/cloud/accounts/${encodeURIComponent(name)}`;

export function addAccountVerbs(cloud: Command, context: CommandContext): void {
  const sub = (name: string, description: string, examples: readonly string[]): Command =>
    createVerb(
      name,
      description,
      examples.map((line) => `cloud ${line}`),
      context,
    );
  cloud.addCommand(
    sub(
      'accounts',
      'Accounts at AWS. Credentials are sealed where the engine is, and shown to nobody. Without a word it lists them.\n\n' +
        'add NAME adds one or gives it other credentials; test NAME says what they may do; rm NAME removes it.',
      [
        'accounts add lab --access-key AKIA0123456789ABCDEF < secret.txt',
        'accounts add lab --profile lab',
        'accounts test lab',
        'accounts rm lab',
      ],
    )
      .argument('[words...]', 'nothing, or: add NAME, test NAME, rm NAME')
      .option('--access-key <id>', 'an access key; its secret is read from a pipe')
      .option('--profile <name>', 'a profile of the shared AWS files')
      .option('--sso <profile>', 'a profile that signs in by "aws sso login"')
      .option('--role <arn>', 'a role to take, by --profile or by the environment')
      .option('--external-id <id>', 'of the role')
      .option('--environment', "from the engine's own environment")
      .option('--endpoint <url>', 'a simulated cloud, in place of AWS')
      .action(async (words: string[], flags: AccountFlags) => {
        const [verb, name, ...rest] = words;
        const client = await context.connect();
        if (verb === undefined || verb === 'ls') return listAccounts(client, flags, context);
        if (!['add', 'test', 'rm'].includes(verb))
          throw usageError(
            `cloud accounts does not know "${verb}".`,
            'It knows add, test and rm; without a word it lists them.',
          );
        if (name === undefined || rest.length > 0) throw usageError(`cloud accounts ${verb} needs one name.`);
        if (verb === 'rm') {
          await client.request('DELETE', pathOf(name));
          show(context, flags.json, { removed: name }, () => `${name} is removed, with its credentials.`);
          return;
        }
        if (verb === 'test') return testAccount(client, name, flags, context);
        const body: AccountBody = {
          provider: 'aws',
          credentials: await readCredentials(flags, context),
          endpoint: flags.endpoint ?? null,
        };
        const account = await client.request<CloudAccount>('POST', pathOf(name), body);
        show(
          context,
          flags.json,
          account,
          () =>
            `${account.name} is kept: ${plain(account.shown)}. See what it may do: switchyard cloud accounts test ${account.name}`,
        );
      }),
  );
  cloud.addCommand(
    sub('policy', 'The least that an account must allow, to paste into the IAM console.', [
      'policy > policy.json',
    ]).action(async (flags: Json) => {
      const answer = await (await context.connect()).request<AccountPolicy>('GET', '/cloud/policy');
      show(context, flags.json, answer, () => answer.policy);
    }),
  );
  cloud.addCommand(
    sub('types', 'Machine types and their list prices. "?" is not known, not free.', [
      'types',
      'types --region eu-north-1',
    ])
      .option('--region <region>', 'whose prices', 'us-east-1')
      .action(async (flags: Json & { readonly region: string }) => {
        const answer = await (await context.connect()).request<MachineCatalogue>('GET', '/cloud/machine-types');
        show(context, flags.json, answer, () => typesTable(answer, flags.region, context.terminal.width));
      }),
  );
  cloud.addCommand(
    sub('machines', 'Rented machines: those that are, and those of the last two months that are verified gone.', [
      'machines',
    ]).action(async (flags: Json) => {
      const answer = await (await context.connect()).request<{ machines: CloudMachine[] }>('GET', '/cloud/machines');
      show(context, flags.json, answer, () =>
        answer.machines.length === 0
          ? 'No machine was ever rented here.'
          : machinesTable(answer.machines, context.terminal.width),
      );
    }),
  );
  cloud.addCommand(
    sub('money', 'What rented machines cost, by day and pool, as far as prices are known.', ['money']).action(
      async (flags: Json) => {
        const answer = await (await context.connect()).request<CloudMoney>('GET', '/cloud/money');
        show(context, flags.json, answer, () => [
          `This month: ${usd(answer.monthUsd)}${answer.monthIsWhole ? '' : ' and what has no known price'}.`,
          answer.liveMachines === 0
            ? 'No machine is running.'
            : `Machines now: ${answer.liveMachines}, ${usd(answer.perHourUsd)} an hour` +
              `${answer.perHourIsWhole ? '' : ' and what has no known price'}.`,
          ...(answer.days.length === 0
            ? []
            : [
                formatTable(
                  [
                    { title: 'DAY' },
                    { title: 'POOL' },
                    { title: 'COST', align: 'right' },
                    { title: 'HOURS', align: 'right' },
                  ],
                  answer.days.map((one) => [
                    one.day,
                    plain(one.poolId),
                    usd(one.usd),
                    (one.machineSeconds / 3600).toFixed(1),
                  ]),
                  context.terminal.width,
                ),
              ].flat()),
        ]);
      },
    ),
  );
  cloud.addCommand(
    sub(
      'scan',
      'Look through every region ever used for machines that nothing here knows, and end those that are left over.',
      ['scan', 'scan --end i-0123456789abcdef0'],
    )
      .option('--end <ref>', 'end this one')
      .action(async (flags: Json & { readonly end?: string }) => {
        const client = await context.connect();
        const scan = await client.request<CloudScan>('POST', '/cloud/scan');
        if (flags.end !== undefined) {
          const found = scan.leftovers.find(({ ref }) => ref === flags.end);
          if (found === undefined) throw new CliError(ExitCode.notFound, `${flags.end} is not among the leftovers.`);
          const { account, region, ref } = found;
          await client.request('POST', '/cloud/leftovers/end', { account, region, ref });
          show(context, flags.json, { ended: ref }, () => `Its end was asked for. Scan again to see that it is gone.`);
          return;
        }
        show(context, flags.json, scan, () => [
          ...scan.problems.map(({ account, text }) => `${account} could not be looked at: ${plain(text)}`),
          ...(scan.leftovers.length > 0
            ? scan.leftovers.flatMap(({ ref, region, attemptId, isOurs, command }) => [
                `${plain(ref)} in ${plain(region)}, of ${plain(attemptId)}${isOurs ? '' : ' (another install; left alone)'}`,
                `  ${plain(command)}`,
              ])
            : scan.problems.length > 0
              ? []
              : ['Nothing is left over.']),
        ]);
        if (scan.problems.length > 0) throw new CliError(ExitCode.failed, 'Not every account could be looked at.');
      }),
  );
}

/** A secret is read from a pipe alone: arguments stand in the list of processes and in the shell's history. */
async function readCredentials(flags: AccountFlags, { terminal }: CommandContext): Promise<AccountCredentials> {
  const profile = flags.profile === undefined ? {} : { profile: flags.profile };
  if (flags.role !== undefined)
    return {
      kind: 'role',
      roleArn: flags.role,
      ...profile,
      ...(flags.externalId === undefined ? {} : { externalId: flags.externalId }),
    };
  const given = [flags.accessKey, flags.profile, flags.sso, flags.environment].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw usageError(
      given.length === 0 ? 'It does not say whose credentials.' : 'Only one kind of credentials can be kept.',
      'Write one of --access-key ID, --profile NAME, --sso PROFILE, --role ARN, --environment.',
    );
  if (flags.profile !== undefined) return { kind: 'profile', profile: flags.profile };
  if (flags.sso !== undefined) return { kind: 'sso', profile: flags.sso };
  if (flags.accessKey === undefined) return { kind: 'environment' };
  const [secretAccessKey = '', sessionToken] = (await readStdin(terminal.stdin)).trim().split(/\s+/);
  if (secretAccessKey === '')
    throw usageError(
      'The secret of the access key is read from a pipe, and there was none.',
      'For example: switchyard cloud accounts add lab --access-key AKIA... < secret.txt',
    );
  return {
    kind: 'keys',
    accessKeyId: flags.accessKey,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

async function listAccounts(client: EngineClient, flags: Json, context: CommandContext): Promise<void> {
  const answer = await client.request<{ accounts: CloudAccount[] }>('GET', '/cloud/accounts');
  show(context, flags.json, answer, () =>
    answer.accounts.length === 0
      ? 'There are no accounts yet. For example: switchyard cloud accounts add lab --profile lab'
      : formatTable(
          [
            { title: 'NAME' },
            { title: 'CREDENTIALS' },
            { title: 'MACHINES', align: 'right' },
            { title: 'LAST TEST', flexible: true },
          ],
          answer.accounts.map((one) => [
            one.name,
            plain(one.shown) + (one.simulated ? ' (simulated)' : ''),
            String(one.liveMachines),
            one.lastCheck === null
              ? '-'
              : one.lastCheck.ok
                ? plain(one.lastCheck.identity ?? 'good')
                : plain(one.lastCheck.findings.find(({ level }) => level === 'error')?.text ?? 'failed'),
          ]),
          context.terminal.width,
        ),
  );
}

async function testAccount(client: EngineClient, name: string, flags: Json, context: CommandContext): Promise<void> {
  const check = await client.request<AccountCheck>('POST', `${pathOf(name)}/test`);
  show(context, flags.json, check, () =>
    check.findings.flatMap(({ level, text, remedy }) => [
      `${{ ok: 'good', warning: 'note', error: 'bad ' }[level]}  ${plain(text)}`,
      ...(remedy === null ? [] : [`      ${plain(remedy)}`]),
    ]),
  );
  if (!check.ok) throw new CliError(ExitCode.failed, `${name} cannot be used as it is.`);
}

function typesTable(catalogue: MachineCatalogue, region: string, width: number | null): string[] {
  const aliases = (type: string): string =>
    Object.entries(catalogue.aliases)
      .filter(([, meant]) => meant === type)
      .map(([alias]) => alias)
      .join(' ');
  return formatTable(
    [
      { title: 'TYPE' },
      { title: 'ALSO' },
      { title: 'GPUS' },
      { title: 'CPUS', align: 'right' },
      { title: 'MEMORY', align: 'right' },
      { title: 'AN HOUR', align: 'right' },
      { title: 'SPOT', align: 'right' },
    ],
    catalogue.types.map(({ type, gpu, vcpus, memoryGiB, prices }) => [
      type,
      aliases(type),
      gpu === null ? '-' : `${gpu.count} x ${gpu.name}, ${Math.round(gpu.memoryMiB / 1024)} GiB`,
      String(vcpus),
      `${memoryGiB} GiB`,
      usd(prices[region]?.onDemandUsd ?? null),
      usd(prices[region]?.spotUsd ?? null),
    ]),
    width,
  );
}

function machinesTable(machines: readonly CloudMachine[], width: number | null): string[] {
  return formatTable(
    [
      { title: 'TRIAL', align: 'right' },
      { title: 'MACHINE' },
      { title: 'TYPE' },
      { title: 'REGION' },
      { title: 'PHASE' },
      { title: 'COST', align: 'right' },
      { title: 'NOTE', flexible: true },
    ],
    machines.map((one) => [
      `#${one.trialId}`,
      plain(one.ref ?? '-'),
      `${plain(one.machineType ?? '-')}${one.spot ? ' spot' : ''}`,
      plain(one.region ?? '-'),
      one.phase,
      usd(one.costUsd),
      plain(one.attention?.text ?? one.endWanted ?? ''),
    ]),
    width,
  );
}
