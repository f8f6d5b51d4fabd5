/** Where a pool's trials run when that is not this workstation, and what a look at such a place found. */
import { z } from '@hono/zod-openapi';

/** A name as the user's own ssh knows it: an alias of its configuration, a host name or an address, with or without a user. */
export const SshHost = z
  .string()
  .trim()
  .regex(
    /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,63}@)?[A-Za-z0-9_:][A-Za-z0-9._:%-]{0,253}$/,
    'a host is a name as ssh knows it, for example gpu-box or anna@gpu-box.example.org; a port belongs into ~/.ssh/config',
  );

const SETUP_DESCRIPTION =
  'Shell lines that run before a trial without an image, for example "source ~/venv/bin/activate"; null = none.';

export const SshTarget = z
  .object({
    provider: z.literal('ssh'),
    host: SshHost,
    root: z
      .string()
      .trim()
      .max(500)
      .regex(/^(?!.*\/\.\.?(?:\/|$))(?:~\/|\/)[^\p{Cc}]+$/u, 'a directory begins with / or ~/, without . and ..')
      .default('~/.switchyard-agent')
      .openapi({ description: 'Directory on that machine under which work lies; ~ is the home directory there.' }),
    setup: z.string().max(8000).nullable().default(null).openapi({ description: SETUP_DESCRIPTION }),
  })
  .strict()
  .openapi('SshTarget');
export type SshTarget = z.infer<typeof SshTarget>;

const usd = z.number().positive().max(1_000_000);

export const AwsTarget = z
  .object({
    provider: z.literal('aws'),
    account: z.string().trim().min(1).max(80).openapi({ description: 'Name of the stored account.' }),
    regions: z
      .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, 'a region is written like eu-central-1'))
      .min(1)
      .max(20)
      .openapi({ description: 'In order of preference.' }),
    machineType: z
      .string()
      .trim()
      .regex(/^[a-z0-9][a-z0-9.+-]{0,39}$/, 'a machine type is written like g6.xlarge, or m+t4')
      .openapi({ description: "The provider's own name, or a generic one." }),
    spot: z.boolean().default(false),
    maxPricePerHourUsd: usd.nullable().default(null).openapi({ description: 'For spot; null = the price on demand.' }),
    diskGiB: z.number().int().min(8).max(16_384).default(100),
    image: z.string().trim().min(1).max(300).nullable().default(null).openapi({
      description: 'Machine image; null = the one for this machine type.',
    }),
    setup: z.string().max(8000).nullable().default(null).openapi({ description: SETUP_DESCRIPTION }),
    timeLimitHours: z.number().positive().max(720).default(24).openapi({
      description: 'The machine ends itself after this time, whatever happens.',
    }),
    maxMachines: z.number().int().min(1).max(100).default(1),
    budgetPerTrialUsd: usd.nullable().default(null),
    budgetPerMonthUsd: usd.nullable().default(null),
  })
  .strict()
  .openapi('AwsTarget');
export type AwsTarget = z.infer<typeof AwsTarget>;

export const PoolTarget = z.discriminatedUnion('provider', [SshTarget, AwsTarget]).openapi('PoolTarget');
export type PoolTarget = z.infer<typeof PoolTarget>;

/** local: this workstation; ssh: a machine that is there; cloud: machines made for each attempt. */
export const PoolKind = z.enum(['local', 'ssh', 'cloud']).openapi('PoolKind');
export type PoolKind = z.infer<typeof PoolKind>;

/** The kind follows from the target and is kept nowhere beside it. */
export function kindOfTarget(target: PoolTarget | null): PoolKind {
  if (target === null) return 'local';
  return target.provider === 'ssh' ? 'ssh' : 'cloud';
}

export const TargetFinding = z
  .object({
    id: z.string().openapi({ example: 'python' }),
    level: z.enum(['ok', 'warning', 'error']),
    text: z.string(),
    remedy: z.string().nullable().openapi({ description: 'What to do about it, often a command to type.' }),
  })
  .openapi('TargetFinding');
export type TargetFinding = z.infer<typeof TargetFinding>;

/** What was found there. An error among the findings means that a pool cannot be made of it. */
export const TargetCheck = z
  .object({
    usable: z.boolean(),
    findings: z.array(TargetFinding),
    machine: z
      .object({
        hostname: z.string(),
        workDir: z.string().openapi({ description: 'Where work will lie, absolute.' }),
        cpuCount: z.number().int(),
        memoryMiB: z.number().nullable(),
        diskFreeMiB: z.number().nullable(),
        gpus: z.array(z.object({ label: z.string(), name: z.string(), totalMiB: z.number().nullable() })),
      })
      .nullable()
      .openapi({ description: 'null where there is no machine yet, or none that can be reached.' }),
  })
  .openapi('TargetCheck');
export type TargetCheck = z.infer<typeof TargetCheck>;

export const CheckTargetBody = z.object({ target: PoolTarget }).strict().openapi('CheckTarget');
