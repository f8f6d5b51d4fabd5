/** Accounts at clouds, their machines and their money. Secrets go in and never come out. */
import { z } from '@hono/zod-openapi';
import { TimestampMs } from './states.ts';

export const AccountName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'a name is a lower-case letter, then letters, digits, "-" and "_", at most 40')
  .openapi('AccountName', { example: 'lab' });

const profile = z
  .string()
  .regex(/^[^\s[\]][^[\]\r\n]{0,99}$/, 'a profile is a name of the shared AWS files')
  .openapi({ description: 'A profile of the shared AWS files (~/.aws/config, ~/.aws/credentials).' });

/** How requests to the cloud are signed. */
export const AccountCredentials = z
  .discriminatedUnion('kind', [
    z
      .object({
        kind: z.literal('keys'),
        accessKeyId: z
          .string()
          .trim()
          .regex(/^[A-Z0-9]{16,128}$/, 'an access key id is 16 or more capital letters and digits, such as AKIA…'),
        secretAccessKey: z
          .string()
          .trim()
          .regex(/^[\x21-\x7e]{16,256}$/, 'a secret access key is 40 letters, digits and signs'),
        sessionToken: z
          .string()
          .trim()
          .regex(/^[\x21-\x7e]{16,8192}$/, 'a session token is one long word')
          .optional(),
      })
      .strict(),
    z.object({ kind: z.literal('profile'), profile }).strict(),
    z
      .object({ kind: z.literal('environment') })
      .strict()
      .openapi({ description: "AWS_ACCESS_KEY_ID and the others, from the engine's own environment." }),
    z
      .object({ kind: z.literal('sso'), profile })
      .strict()
      .openapi({
        description:
          'A profile that signs in by "aws sso login". It ends after some hours; until then it is refreshed by itself.',
      }),
    z
      .object({
        kind: z.literal('role'),
        roleArn: z
          .string()
          .trim()
          .regex(
            /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
            'a role is arn:aws:iam::123456789012:role/NAME',
          ),
        externalId: z
          .string()
          .regex(/^[\w+=,.@:/-]{2,1224}$/)
          .optional(),
        profile: profile.optional().openapi({ description: 'Who takes the role; missing = the environment.' }),
      })
      .strict(),
  ])
  .openapi('AccountCredentials');
export type AccountCredentials = z.infer<typeof AccountCredentials>;

/** Plain HTTP only on this machine: requests carry signatures, and what they fetch is run. */
const endpoint = z
  .string()
  .max(300)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
    return (
      url.protocol === 'https:' || (url.protocol === 'http:' && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname))
    );
  }, 'an endpoint is https://…, or http:// on 127.0.0.1')
  .openapi({ description: 'Where a simulated cloud answers, in place of AWS. The account is marked as simulated.' });

export const AccountBody = z
  .object({
    provider: z.literal('aws').default('aws'),
    credentials: AccountCredentials,
    endpoint: endpoint.nullable().default(null),
  })
  .strict()
  .openapi('AccountBody');
export type AccountBody = z.infer<typeof AccountBody>;

export const AccountFinding = z
  .object({
    id: z.string(),
    level: z.enum(['ok', 'warning', 'error']),
    text: z.string(),
    remedy: z.string().nullable(),
  })
  .openapi('AccountFinding');
export type AccountFinding = z.infer<typeof AccountFinding>;

export const AccountCheck = z
  .object({
    atMs: TimestampMs,
    ok: z.boolean().openapi({ description: 'No finding is an error.' }),
    identity: z.string().nullable().openapi({ description: 'Who the credentials are, as the provider names it.' }),
    findings: z.array(AccountFinding),
  })
  .openapi('AccountCheck');
export type AccountCheck = z.infer<typeof AccountCheck>;

export const CloudAccount = z
  .object({
    name: AccountName,
    provider: z.literal('aws'),
    kind: z.enum(['keys', 'profile', 'environment', 'sso', 'role']),
    shown: z.string().openapi({ description: 'Which credentials, without anything secret.' }),
    sealedBy: z.string().openapi({ description: 'What keeps them, in words.' }),
    simulated: z.boolean().openapi({ description: 'It is no real cloud, and costs nothing.' }),
    endpoint: z.string().nullable(),
    addedAtMs: TimestampMs,
    lastCheck: AccountCheck.nullable(),
    pools: z.array(z.string()).openapi({ description: 'Ids of the pools that use it.' }),
    liveMachines: z.number().int().openapi({ description: 'Machines of it that are not known to be gone.' }),
  })
  .openapi('CloudAccount');
export type CloudAccount = z.infer<typeof CloudAccount>;

export const AccountPolicy = z
  .object({
    policy: z.string().openapi({ description: 'JSON, to be pasted into the IAM console.' }),
    permissions: z.array(
      z.object({
        action: z.string(),
        needed: z.boolean(),
        for: z.string().openapi({ description: 'What does not work without it.' }),
      }),
    ),
  })
  .openapi('AccountPolicy');
export type AccountPolicy = z.infer<typeof AccountPolicy>;

const Price = z
  .object({
    onDemandUsd: z.number().positive().nullable(),
    spotUsd: z.number().positive().nullable(),
  })
  .strict();

export const MachineType = z
  .object({
    provider: z.literal('aws'),
    type: z.string(),
    vcpus: z.number().int().positive(),
    memoryGiB: z.number().positive(),
    gpu: z
      .object({ name: z.string(), count: z.number().int().positive(), memoryMiB: z.number().int().positive() })
      .strict()
      .nullable(),
    source: z.string().openapi({ description: 'Which of the sources its row is from.' }),
    prices: z.record(z.string(), Price).openapi({
      description:
        'US dollars an hour for the whole machine, by region. A missing region or null is unknown, not free.',
    }),
  })
  .strict()
  .openapi('MachineType');
export type MachineType = z.infer<typeof MachineType>;

const PriceSource = z.object({ text: z.string(), date: z.string() }).strict();

export const MachineCatalogue = z
  .object({
    version: z.literal(1),
    sources: z.record(z.string(), PriceSource),
    aliases: z
      .record(z.string(), z.string())
      .openapi({ description: 'Generic names, such as m+t4, and the type each means.' }),
    retired: z
      .record(z.string(), z.string())
      .openapi({ description: 'Names of types that are no more, and what to take.' }),
    regionAliases: z.record(z.string(), z.string()),
    disks: z.object({ source: PriceSource, gbMonthUsd: z.record(z.string(), z.number().positive()) }).strict(),
    types: z.array(MachineType),
  })
  .strict()
  .openapi('MachineCatalogue');
export type MachineCatalogue = z.infer<typeof MachineCatalogue>;

const Usd = z.number().nonnegative();
/** The journey of a machine, in its order. */
export const OFFLOAD_PHASES = [
  'preflight',
  'packing',
  'uploading',
  'launching',
  'booting',
  'running',
  'draining',
  'collecting',
  'terminating',
  'gone',
] as const;
const Phase = z.enum(OFFLOAD_PHASES);
export type OffloadPhase = z.infer<typeof Phase>;

export const CloudMachine = z
  .object({
    attemptId: z.string(),
    trialId: z.number().int(),
    poolId: z.string(),
    account: z.string(),
    phase: Phase.openapi({ description: 'gone: verified; nothing else is.' }),
    phaseSinceMs: TimestampMs,
    ref: z.string().nullable().openapi({ description: "The provider's name for the machine; null = none is known." }),
    region: z.string().nullable(),
    machineType: z.string().nullable(),
    spot: z.boolean(),
    perHourUsd: Usd.nullable().openapi({ description: 'Machine and disk; null = unknown, not free.' }),
    priceSource: z.string().nullable(),
    costUsd: Usd.nullable().openapi({ description: 'So far, until it is verified gone; null = unknown, not free.' }),
    billedFromMs: TimestampMs.nullable(),
    endsItselfAtMs: TimestampMs.nullable(),
    preempted: z.boolean(),
    endWanted: z.string().nullable().openapi({ description: 'Why it is to end; null = it is not.' }),
    attention: z.object({ sinceMs: TimestampMs, text: z.string(), remedy: z.string().nullable() }).nullable().openapi({
      description: 'Somebody has to look: it cannot be reached or be ended. It is tried again all the same.',
    }),
    goneAtMs: TimestampMs.nullable(),
    byHand: z.string().nullable().openapi({ description: 'The command that ends it without Switchyard.' }),
  })
  .openapi('CloudMachine');
export type CloudMachine = z.infer<typeof CloudMachine>;

export const CloudOffload = CloudMachine.extend({
  events: z.array(z.object({ atMs: TimestampMs, phase: z.string(), text: z.string() })),
}).openapi('CloudOffload');
export type CloudOffload = z.infer<typeof CloudOffload>;

export const CloudMoney = z
  .object({
    days: z.array(
      z.object({ day: z.string(), poolId: z.string(), usd: Usd.nullable(), machineSeconds: z.number().int() }),
    ),
    monthUsd: Usd.openapi({ description: 'Of this month (UTC), as far as prices are known.' }),
    monthIsWhole: z.boolean(),
    liveMachines: z.number().int(),
    perHourUsd: Usd.openapi({ description: 'What is being spent now, as far as prices are known.' }),
    perHourIsWhole: z.boolean(),
  })
  .openapi('CloudMoney');
export type CloudMoney = z.infer<typeof CloudMoney>;

export const Leftover = z
  .object({
    account: z.string(),
    ref: z.string(),
    region: z.string(),
    attemptId: z.string(),
    isOurs: z.boolean().openapi({ description: 'false: of another install; it is shown and left alone.' }),
    startedAtMs: TimestampMs.nullable(),
    endsItselfAtMs: TimestampMs.nullable(),
    command: z.string(),
    url: z.string().nullable(),
  })
  .openapi('Leftover');
export type Leftover = z.infer<typeof Leftover>;

export const CloudScan = z
  .object({
    leftovers: z.array(Leftover),
    problems: z.array(z.object({ account: z.string(), text: z.string() })).openapi({
      description: 'Accounts that could not be looked at: what they have is not known.',
    }),
  })
  .openapi('CloudScan');
export type CloudScan = z.infer<typeof CloudScan>;

export const EndLeftoverBody = z
  .object({ account: AccountName, region: z.string().max(40), ref: z.string().max(80) })
  .strict()
  .openapi('EndLeftover');

export const PoolPrice = z
  .object({
    perHourUsd: Usd.nullable().openapi({ description: 'Of the first choice of the pool; null = unknown, not free.' }),
    diskPerHourUsd: Usd.nullable(),
    hours: z.number(),
    worstCaseUsd: Usd.nullable().openapi({ description: 'To the time limit; null = unknown, not free.' }),
    worstCaseIsWhole: z.boolean().openapi({ description: 'false: the disk is not in it, its price is unknown.' }),
    source: z.string().nullable(),
    refusal: z.string().nullable().openapi({ description: 'Why a machine would not start now: its budget.' }),
  })
  .openapi('PoolPrice');
export type PoolPrice = z.infer<typeof PoolPrice>;
