/** `switchyard cloud rent` and `price`: pools of rented machines, and what one of their machines costs at most. */
import type { Command } from 'commander';
import type { PoolPrice } from '../contract/cloud.ts';
import type { Pool } from '../contract/pools.ts';
import { createVerb, show } from './command-context.ts';
import type { CommandContext } from './command-context.ts';
import { sayTarget } from './describe-pool.ts';
import { usageError } from './exit-codes.ts';
import { plain } from './table.ts';
import { parseWholeNumber } from './values.ts';

interface RentFlags {
  readonly json?: boolean;
  readonly account?: string;
  readonly type?: string;
  readonly region: readonly string[];
  readonly spot?: boolean;
  readonly maxPrice?: string;
  readonly disk?: string;
  readonly image?: string;
  readonly setup?: string;
  readonly hours?: string;
  readonly machines?: string;
  readonly budgetTrial?: string;
  readonly budgetMonth?: string;
}

export function addRentVerbs(cloud: Command, context: CommandContext): void {
  cloud.addCommand(
    createVerb(
      'rent',
      'Make a pool of machines that are rented, one for each attempt. The account is tried first, at no cost.',
      [
        'cloud rent t4 --account lab --type m+t4 --region eu-north-1',
        'cloud rent big --account lab --type p5.48xlarge --region us-east-1 --region us-west-2 --spot --hours 12 --budget-trial 200',
      ],
      context,
    )
      .argument('<name>', 'its name; the id is made from it')
      .option('--account <name>', 'whose credentials')
      .option('--type <type>', 'machine type, or a generic name such as m+t4 (see: switchyard cloud types)')
      .option('--region <region>', 'in order of preference; may be repeated', (one, all: string[]) => [...all, one], [])
      .option('--spot', 'cheaper, and may be taken back at any time')
      .option('--max-price <usd>', 'for spot: most an hour (default: the price on demand)')
      .option('--disk <GiB>', 'size of the disk (default: 100)')
      .option('--image <image>', 'machine image, by id or name')
      .option('--setup <lines>', 'shell lines that run there before a trial without an image')
      .option('--hours <hours>', 'each machine ends itself after so long, whatever happens (default: 24)')
      .option('--machines <count>', 'at most so many at once (default: 1)')
      .option('--budget-trial <usd>', 'most that one trial may cost')
      .option('--budget-month <usd>', 'most that the pool may cost in a month')
      .action(async (name: string, flags: RentFlags) => {
        if (flags.account === undefined || flags.type === undefined || flags.region.length === 0)
          throw usageError('A pool of rented machines needs --account, --type and --region.');
        const number = (text: string | undefined, flag: string): number | undefined => {
          if (text === undefined) return undefined;
          const value = Number(text.replace(/^\$/, ''));
          if (!(value > 0)) throw usageError(`${flag} needs a number above 0, not "${text}".`);
          return value;
        };
        const target = {
          provider: 'aws',
          account: flags.account,
          machineType: flags.type,
          regions: flags.region,
          spot: flags.spot,
          maxPricePerHourUsd: number(flags.maxPrice, '--max-price'),
          diskGiB: flags.disk === undefined ? undefined : parseWholeNumber(flags.disk, '--disk', 8, 16_384),
          image: flags.image,
          setup: flags.setup,
          timeLimitHours: number(flags.hours, '--hours'),
          maxMachines:
            flags.machines === undefined ? undefined : parseWholeNumber(flags.machines, '--machines', 1, 100),
          budgetPerTrialUsd: number(flags.budgetTrial, '--budget-trial'),
          budgetPerMonthUsd: number(flags.budgetMonth, '--budget-month'),
        };
        const client = await context.connect();
        const made = await client.request<Pool>('POST', '/pools', { name, target });
        const price = await client.request<PoolPrice>('GET', `/cloud/pools/${encodeURIComponent(made.id)}/price`);
        show(context, flags.json, { ...made, price }, () => [
          `Added the pool ${made.id}: ${sayTarget(made)}.`,
          ...sayPrice(price),
          `Trials go there with: switchyard submit --pool ${made.id} ..., or switchyard move 14 --pool ${made.id}`,
        ]);
      }),
  );
  cloud.addCommand(
    createVerb('price', 'What a machine of a pool costs an hour, and at most.', ['cloud price t4'], context)
      .argument('<pool>', 'its id')
      .action(async (id: string, flags: { readonly json?: boolean }) => {
        const client = await context.connect();
        const price = await client.request<PoolPrice>('GET', `/cloud/pools/${encodeURIComponent(id)}/price`);
        show(context, flags.json, price, () => sayPrice(price));
      }),
  );
}

function sayPrice({ perHourUsd, diskPerHourUsd, worstCaseUsd, hours, source, worstCaseIsWhole }: PoolPrice): string[] {
  if (perHourUsd === null) return ['What a machine costs there is not known; it is not free.'];
  return [
    `A machine costs $${(perHourUsd + (diskPerHourUsd ?? 0)).toFixed(2)} an hour, and at most $${(worstCaseUsd ?? 0).toFixed(2)} in ${hours} hours` +
      `${worstCaseIsWhole ? '' : ', without its disk, whose price is not known'}.`,
    ...(source === null ? [] : [`(${plain(source)})`]),
  ];
}
