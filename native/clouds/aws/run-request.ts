/** What AWS is asked for when a machine is made, and what its answer says of one. */
import { createHash } from 'node:crypto';
import {
  DescribeImagesCommand,
  type EC2Client,
  type Image,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import {
  ProviderError,
  type Machine,
  type MachineChoice,
  type MachineRequest,
  type MachineState,
} from '../../../electron/ports/provider.ts';

export const TAG = {
  managed: 'switchyard:managed',
  install: 'switchyard:install',
  attempt: 'switchyard:attempt',
  deadline: 'switchyard:deadline',
} as const;
/** With driver, container toolkit and Docker; and the plain system for types without a GPU. */
const USUAL_IMAGES = {
  gpu: { owner: '898082745236', name: 'Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04) *' },
  plain: { owner: '099720109477', name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*' },
} as const;

/** @throws ProviderError image */
export async function findImage(client: EC2Client, choice: MachineChoice, wanted: string | null): Promise<Image> {
  const usual = /^(g\d|p\d)/.test(choice.machineType) ? USUAL_IMAGES.gpu : USUAL_IMAGES.plain;
  const { Images = [] } = await client.send(
    new DescribeImagesCommand(
      wanted?.startsWith('ami-') === true
        ? { ImageIds: [wanted] }
        : {
            Owners: wanted === null ? [usual.owner] : ['self', 'amazon', '099720109477'],
            Filters: [
              { Name: 'name', Values: [wanted ?? usual.name] },
              { Name: 'state', Values: ['available'] },
              { Name: 'architecture', Values: ['x86_64'] },
            ],
          },
    ),
  );
  const newest = Images.toSorted((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''))[0];
  if (newest?.ImageId === undefined)
    throw new ProviderError('image', `${choice.region} has no image ${wanted === null ? usual.name : `"${wanted}"`}.`, {
      remedy: 'Name an image of this region in the pool, by its id (ami-…) or by its name.',
    });
  return newest;
}

/** All that makes it end by itself, and by which it is found again. */
export function runRequest(
  engineId: string,
  request: Pick<MachineRequest, 'choice' | 'machine' | 'attemptId' | 'deadlineMs'>,
  image: Image,
  userData: string,
): RunInstancesCommandInput {
  const { choice, machine, attemptId, deadlineMs } = request;
  const Tags = [
    { Key: 'Name', Value: `switchyard ${attemptId}` },
    { Key: TAG.managed, Value: '1' },
    { Key: TAG.install, Value: engineId },
    { Key: TAG.attempt, Value: attemptId },
    { Key: TAG.deadline, Value: deadlineMs === null ? 'none' : String(Math.ceil(deadlineMs / 1000)) },
  ];
  return {
    // Another type, or spot in place of on demand, is another request: after the first was refused for sure.
    ClientToken: `${attemptId}-${createHash('sha256')
      .update(JSON.stringify([choice.machineType, choice.spot]))
      .digest('hex')
      .slice(0, 8)}`,
    ImageId: image.ImageId ?? '',
    InstanceType: choice.machineType as never,
    MinCount: 1,
    MaxCount: 1,
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1, HttpEndpoint: 'enabled' },
    BlockDeviceMappings: [
      {
        DeviceName: image.RootDeviceName ?? '/dev/sda1',
        Ebs: { VolumeSize: machine?.diskGiB ?? 100, VolumeType: 'gp3', DeleteOnTermination: true, Encrypted: true },
      },
    ],
    TagSpecifications: [
      { ResourceType: 'instance', Tags },
      { ResourceType: 'volume', Tags },
    ],
    UserData: Buffer.from(userData).toString('base64'),
    ...(choice.spot
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot',
            SpotOptions: {
              SpotInstanceType: 'one-time',
              InstanceInterruptionBehavior: 'terminate',
              ...(machine?.maxPricePerHourUsd == null ? {} : { MaxPrice: String(machine.maxPricePerHourUsd) }),
            },
          },
        }
      : {}),
  };
}

export const isOver = ({ State }: Instance): boolean => State?.Name === 'terminated';

const STATES: Readonly<Record<string, MachineState>> = {
  pending: 'pending',
  running: 'running',
  'shutting-down': 'ending',
  stopping: 'ending',
  // It never is: shutting down ends it. Its disk would cost money.
  stopped: 'ending',
  terminated: 'gone',
};

export function toMachine(instance: Instance, region: string): Machine {
  const tag = (key: string): string => instance.Tags?.find(({ Key }) => Key === key)?.Value ?? '';
  const deadlineS = Number(tag(TAG.deadline));
  return {
    ref: instance.InstanceId ?? '',
    attemptId: tag(TAG.attempt),
    engineId: tag(TAG.install),
    region,
    state: STATES[instance.State?.Name ?? ''] ?? 'running',
    startedAtMs: instance.LaunchTime?.getTime() ?? null,
    deadlineMs: Number.isFinite(deadlineS) && deadlineS > 0 ? deadlineS * 1000 : null,
    preempted: /^Server\.SpotInstance(Termination|Shutdown)/.test(instance.StateReason?.Code ?? ''),
  };
}
