/**
 * Machines of AWS: one instance for each attempt, found again by its tags, never by what was remembered.
 * It is made by one RunInstances whose client token names the attempt and its choice, marked as it is made, and shutting down ends it for good.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeVolumesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type Filter,
  type Image,
  type Instance,
} from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import type { CloudAccess } from '../../../electron/ports/cloud-opener.ts';
import type { HandedRequest, Mailbox } from '../../../electron/ports/mailbox.ts';
import { ProviderError } from '../../../electron/ports/provider.ts';
import type {
  Machine,
  MachineChoice,
  MachineRequest,
  Provider,
  ProviderFinding,
  Quote,
} from '../../../electron/ports/provider.ts';
import { nameOf, toProviderError } from './aws-errors.ts';
import { ensureBucket } from './bucket.ts';
import { findImage, isOver, runRequest, TAG, toMachine } from './run-request.ts';
import { createS3Mailbox } from './s3-mailbox.ts';
import { writeUserData } from './user-data.ts';

export interface AwsProviderOptions {
  readonly access: Pick<CloudAccess, 'endpoint' | 'engineId'>;
  readonly credentials: AwsCredentialIdentityProvider;
  /** The agent, as a file. */
  readonly agentFile: string;
  /** What the catalogue says. */
  readonly listPrice: (choice: MachineChoice, diskGiB: number | null) => Quote;
  readonly nowMs: () => number;
}

const WEEK_MS = 7 * 86_400_000;
/** Requests of the machine outlive it a little: what it still sends at its end is worth having. */
const REQUESTS_OUTLIVE_MS = 3_600_000;
/** More than this and the cloud refuses what was signed. */
const SKEW_MS = 4 * 60_000;
const GPU_WAIT_S = 8 * 60;
const LIVE = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

export function createAwsProvider(options: AwsProviderOptions): Provider {
  const { access, credentials, agentFile, listPrice, nowMs } = options;
  const { engineId } = access;
  const clientOptions = (region: string) => ({
    region,
    credentials,
    maxAttempts: 4,
    ...(access.endpoint === null ? {} : { endpoint: access.endpoint }),
  });
  const ec2s = new Map<string, EC2Client>();
  const ec2 = (region: string): EC2Client => {
    let client = ec2s.get(region);
    if (client === undefined) ec2s.set(region, (client = new EC2Client(clientOptions(region))));
    return client;
  };
  const sts = new STSClient(clientOptions('us-east-1'));
  let identity: Promise<{ readonly arn: string; readonly account: string }> | null = null;
  const whoAmI = (): Promise<{ readonly arn: string; readonly account: string }> =>
    (identity ??= sts.send(new GetCallerIdentityCommand({})).then(
      ({ Arn = '', Account = '' }) => ({ arn: Arn, account: Account }),
      (error: unknown) => {
        identity = null;
        throw toProviderError(error, 'say who the credentials are');
      },
    ));
  /** How far this machine's clock is behind AWS's, where that matters; the library learns it from an answer. */
  const skewMs = (): number => {
    const known = Math.max(0, ...[...ec2s.values(), sts].map(({ config }) => Math.abs(config.systemClockOffset)));
    const offset =
      [...ec2s.values(), sts].map(({ config }) => config.systemClockOffset).find((one) => Math.abs(one) === known) ?? 0;
    // In steps, so that the same request is signed with the same bytes.
    return Math.abs(offset) < SKEW_MS ? 0 : Math.round(offset / 900_000) * 900_000;
  };

  async function describe(region: string, filters: readonly Filter[]): Promise<Instance[]> {
    const found: Instance[] = [];
    let NextToken: string | undefined;
    do {
      const page = await ec2(region).send(
        new DescribeInstancesCommand({ Filters: [...filters], ...(NextToken === undefined ? {} : { NextToken }) }),
      );
      found.push(...(page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined && NextToken !== '');
    return found;
  }

  const ofAttempt = (region: string, attemptId: string, install: string): Promise<Instance[]> =>
    describe(region, [
      { Name: `tag:${TAG.attempt}`, Values: [attemptId] },
      { Name: `tag:${TAG.install}`, Values: [install] },
    ]);

  async function find(request: MachineRequest): Promise<Machine | null> {
    const { region } = request.choice;
    const instances = await ofAttempt(region, request.attemptId, request.engineId);
    // Never two; were there two, the one that costs money counts.
    const instance = instances.toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)))[0];
    if (instance === undefined) return null;
    const machine = toMachine(instance, region);
    if (machine.state !== 'gone' || !(await hasVolumes(region, request.attemptId))) return machine;
    return { ...machine, state: 'ending' };
  }

  async function hasVolumes(region: string, attemptId: string): Promise<boolean> {
    const { Volumes = [] } = await ec2(region).send(
      new DescribeVolumesCommand({ Filters: [{ Name: `tag:${TAG.attempt}`, Values: [attemptId] }] }),
    );
    return Volumes.some(({ State }) => State !== 'deleted' && State !== 'deleting');
  }

  /** Puts the agent and what it has to know into the mailbox. @returns the script that fetches both */
  async function prepare(request: MachineRequest, lifeMs: number): Promise<string> {
    const mailbox = await openMailbox(request.choice.region);
    try {
      const signedAtMs = request.requestedAtMs + skewMs();
      const hand = async (wish: Parameters<NonNullable<Mailbox['handOut']>>[0]): Promise<HandedRequest> => {
        const handed = await mailbox.handOut?.(wish, lifeMs + REQUESTS_OUTLIVE_MS, signedAtMs);
        if (handed === undefined) throw new Error('a mailbox without requests to hand out');
        return handed;
      };
      const agent = await readFile(agentFile);
      const agentSha = sha256(agent);
      const agentKey = `packs/agent-${agentSha}.py`;
      const keys = [`${request.prefix}spec.json`, ...request.reads];
      const wishes = `${request.prefix}ctl/`;
      const reads: Record<string, HandedRequest> = {};
      for (const key of keys) reads[key] = await hand({ read: key });
      const config = Buffer.from(
        JSON.stringify({
          attemptId: request.attemptId,
          prefix: request.prefix,
          specSha256: request.specSha256,
          gpuWaitS: GPU_WAIT_S,
          mailbox: {
            kind: 'requests',
            reads,
            store: await hand({ storeUnder: request.prefix }),
            lists: { [wishes]: await hand({ listUnder: wishes }) },
          },
        }),
      );
      const configSha = sha256(config);
      const configKey = `${request.prefix}config-${configSha.slice(0, 32)}.json`;
      await mailbox.put(agentKey, agent);
      await mailbox.put(configKey, config);
      return writeUserData({
        attemptId: request.attemptId,
        limitS: lifeMs / 1000,
        agent: { url: (await hand({ read: agentKey })).url, sha256: agentSha },
        config: { url: (await hand({ read: configKey })).url, sha256: configSha },
      });
    } finally {
      await mailbox.close();
    }
  }

  async function openMailbox(region: string): Promise<Mailbox> {
    const { account } = await whoAmI();
    const client = new S3Client({
      ...clientOptions(region),
      forcePathStyle: access.endpoint !== null,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    try {
      const bucket = `switchyard-${engineId}-${account}-${region}`;
      await ensureBucket(client, bucket, region, `${access.endpoint ?? ''} ${bucket}`);
      return createS3Mailbox({ client, bucket, region });
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  return {
    async check(choices) {
      const findings: ProviderFinding[] = [];
      const say = (id: string, level: ProviderFinding['level'], text: string, remedy: string | null = null): void => {
        findings.push({ id, level, text, remedy });
      };
      try {
        say('identity', 'ok', (await whoAmI()).arn);
      } catch (error) {
        const known = toProviderError(error, 'say who the credentials are');
        say('identity', 'error', known.message, known.remedy);
        return findings;
      }
      if (skewMs() !== 0)
        say(
          'clock',
          'warning',
          `The clock of this machine is wrong by about ${Math.round(Math.abs(skewMs()) / 3_600_000)} hours; AWS's is used.`,
          'Let it follow the time of the net: timedatectl set-ntp true',
        );
      const expires = await credentials().then(
        ({ expiration }) => expiration,
        () => undefined,
      );
      if (expires !== undefined)
        say(
          'session',
          'warning',
          `The credentials end at ${expires.toISOString()}; what a machine was given to send its results with ends then too.`,
          'For runs that take longer, use an access key.',
        );
      for (const choice of choices) await checkChoice(choice, say);
      return findings;
    },
    async quote(choice, machine) {
      const listed = listPrice(choice, machine?.diskGiB ?? null);
      if (!choice.spot) return listed;
      try {
        const { SpotPriceHistory = [] } = await ec2(choice.region).send(
          new DescribeSpotPriceHistoryCommand({
            InstanceTypes: [choice.machineType as never],
            ProductDescriptions: ['Linux/UNIX'],
            StartTime: new Date(nowMs()),
          }),
        );
        const prices = SpotPriceHistory.map(({ SpotPrice }) => Number(SpotPrice)).filter((price) => price > 0);
        // The dearest zone: nobody knows which one it will be.
        if (prices.length > 0)
          return {
            ...listed,
            perHourUsd: Math.max(...prices),
            source: `AWS's spot prices, ${new Date(nowMs()).toISOString().slice(0, 16)}`,
          };
      } catch {
        // A price is worth no refusal: the list's is shown.
      }
      return listed;
    },
    async provision(request) {
      const doing = `start a machine of type ${request.choice.machineType} in ${request.choice.region}`;
      try {
        const lifeMs = lifeOf(request);
        const before = await find(request);
        if (before !== null) return before;
        const image = await findImage(ec2(request.choice.region), request.choice, request.machine?.image ?? null);
        const input = runRequest(engineId, request, image, await prepare(request, lifeMs));
        const { Instances = [] } = await ec2(request.choice.region).send(new RunInstancesCommand(input));
        const [instance] = Instances;
        if (instance === undefined)
          throw new ProviderError('unknown', `AWS did not ${doing}: it named none.`, { outcomeUnknown: true });
        return toMachine(instance, request.choice.region);
      } catch (error) {
        // It was made by an earlier call, with bytes that differ because credentials were changed since: it is to be looked for.
        if (nameOf(error) === 'IdempotentParameterMismatch')
          throw new ProviderError(
            'network',
            `AWS did not ${doing} again: there is one already, which is not in sight yet.`,
            { outcomeUnknown: true, cause: error },
          );
        throw toProviderError(error, doing, true);
      }
    },
    async observe(request) {
      try {
        return (await find(request)) ?? absent(request);
      } catch (error) {
        throw toProviderError(error, `look at the machine of ${request.attemptId}`);
      }
    },
    async terminate({ attemptId, engineId: install, choice }) {
      try {
        const ids = (await ofAttempt(choice.region, attemptId, install)).flatMap((one) =>
          isOver(one) || one.InstanceId === undefined ? [] : [one.InstanceId],
        );
        if (ids.length > 0) await ec2(choice.region).send(new TerminateInstancesCommand({ InstanceIds: ids }));
      } catch (error) {
        if (nameOf(error) === 'InvalidInstanceID.NotFound') return;
        throw toProviderError(error, `end the machine of ${attemptId}`);
      }
    },
    async list(region) {
      try {
        const instances = await describe(region, [
          { Name: `tag:${TAG.managed}`, Values: ['1'] },
          { Name: 'instance-state-name', Values: LIVE },
        ]);
        return instances.map((one) => toMachine(one, region));
      } catch (error) {
        throw toProviderError(error, `list machines in ${region}`);
      }
    },
    async mailbox(region) {
      try {
        return await openMailbox(region);
      } catch (error) {
        throw toProviderError(error, `open the bucket in ${region}`);
      }
    },
    byHand: ({ ref, region }) => ({
      command: `aws ec2 terminate-instances --region ${region} --instance-ids ${ref}`,
      url:
        access.endpoint === null
          ? `https://${region}.console.aws.amazon.com/ec2/home?region=${region}#InstanceDetails:instanceId=${encodeURIComponent(ref)}`
          : null,
    }),
    close: () => {
      for (const client of ec2s.values()) client.destroy();
      sts.destroy();
      return Promise.resolve();
    },
  };

  async function checkChoice(
    choice: MachineChoice,
    say: (id: string, level: ProviderFinding['level'], text: string, remedy?: string | null) => void,
  ): Promise<void> {
    const { region, machineType } = choice;
    const look = async (
      id: string,
      doing: string,
      work: () => Promise<unknown>,
      level: 'warning' | 'error' = 'error',
    ): Promise<boolean> => {
      try {
        await work();
        return true;
      } catch (error) {
        const known = toProviderError(error, doing);
        say(`${id}:${region}`, level, known.message, known.remedy);
        return false;
      }
    };
    const client = ec2(region);
    let image: Image | null = null;
    await look('list', `list machines in ${region}`, () =>
      describe(region, [{ Name: `tag:${TAG.managed}`, Values: ['1'] }]),
    );
    await look('volumes', `list disks in ${region}`, () => hasVolumes(region, 'none'));
    await look(
      'type',
      `say whether ${region} has ${machineType}`,
      async () => {
        const { InstanceTypeOfferings = [] } = await client.send(
          new DescribeInstanceTypeOfferingsCommand({ Filters: [{ Name: 'instance-type', Values: [machineType] }] }),
        );
        if (InstanceTypeOfferings.length === 0)
          say(
            `type:${region}`,
            'error',
            `${region} has no machines of type ${machineType}.`,
            'Choose another type or region.',
          );
      },
      'warning',
    );
    await look('image', `find an image in ${region}`, async () => {
      image = await findImage(client, choice, null);
    });
    if (image === null) return;
    const found: Image = image;
    try {
      const input = runRequest(
        engineId,
        { choice, machine: null, attemptId: `check-${engineId}`, deadlineMs: null },
        found,
        '',
      );
      await client.send(new RunInstancesCommand({ ...input, DryRun: true }));
    } catch (error) {
      if (nameOf(error) === 'DryRunOperation')
        say(
          `start:${region}`,
          'ok',
          `May start ${machineType} in ${region}; image ${found.Name ?? found.ImageId ?? ''}.`,
        );
      else {
        const known = toProviderError(error, `allow to start ${machineType} in ${region}`);
        say(`start:${region}`, 'error', known.message, known.remedy);
      }
    }
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
/** @throws ProviderError refused, for what cannot end by itself in time */
function lifeOf(request: MachineRequest): number {
  const lifeMs = (request.deadlineMs ?? Number.NaN) - request.requestedAtMs;
  if (!(lifeMs > 0 && lifeMs + REQUESTS_OUTLIVE_MS <= WEEK_MS))
    throw new ProviderError('refused', 'A machine of AWS needs a deadline, and within 6 days and 23 hours.', {
      remedy: 'Set a time limit of at most 167 hours in the pool.',
    });
  return lifeMs;
}

function absent({ attemptId, engineId, choice, deadlineMs }: MachineRequest): Machine {
  return {
    ref: '',
    attemptId,
    engineId,
    region: choice.region,
    state: 'gone',
    startedAtMs: null,
    deadlineMs,
    preempted: false,
  };
}
