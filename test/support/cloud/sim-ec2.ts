/**
 * EC2 of the simulated cloud: client tokens that are honoured, states that take their time, machines that run their user data, and a
 * meter of every machine's time. What it does wrong it does because it was told to.
 */
import fs from 'node:fs';
import path from 'node:path';
import { elements } from './xml.ts';
import { startMachineBody, type MachineBody } from './sim-machine.ts';

export interface SimInstance {
  readonly id: string;
  readonly region: string;
  readonly type: string;
  readonly spot: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly clientToken: string;
  readonly params: string;
  readonly userData: string;
  readonly launchedAtMs: number;
  /** Nobody sees it before. */
  readonly visibleFromMs: number;
  readonly shutdownTerminates: boolean;
  state: 'pending' | 'running' | 'shutting-down' | 'stopped' | 'terminated';
  reason: string;
  endedAtMs: number | null;
  /** It was told that it will be taken back. */
  isNoticed: boolean;
  volume: 'in-use' | 'available' | 'deleted';
  body: MachineBody | null;
}

export interface SimEc2Options {
  readonly dir: string;
  readonly nowMs: () => number;
  /** false: machines are only rows; nothing is run. */
  readonly runs: boolean;
  readonly minuteMs: number;
  readonly env: Readonly<Record<string, string>>;
  /** Where machines ask about themselves. */
  readonly metadata: () => string;
  readonly bootMs: number;
  readonly endMs: number;
}

export class Ec2Fault extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status = 400, message = code) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface SimEc2 {
  readonly instances: SimInstance[];
  /** Types that a region does not have now. */
  readonly noCapacity: Set<string>;
  hideNewForMs: number;
  call(action: string, params: URLSearchParams, region: string): string;
  /** The provider takes it back. */
  preempt(id: string): Promise<void>;
  powerLoss(id: string): Promise<void>;
  close(): Promise<void>;
}

const TYPES = new Set([
  'g4dn.xlarge',
  'g6.xlarge',
  'g5.xlarge',
  't3.medium',
  'm7i.large',
  'm7i.2xlarge',
  'p5.48xlarge',
]);
const item = (body: string): string => `<item>${body}</item>`;
const tagItems = (tags: Readonly<Record<string, string>>): string =>
  `<tagSet>${Object.entries(tags)
    .map(([key, value]) => item(`<key>${key}</key><value>${value}</value>`))
    .join('')}</tagSet>`;
const STATE_CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopped: 80 } as const;

export function createSimEc2(options: SimEc2Options): SimEc2 {
  const { nowMs } = options;
  const instances: SimInstance[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let count = 0;
  const later = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const sim: SimEc2 = {
    instances,
    noCapacity: new Set(),
    hideNewForMs: 0,
    call(action, params, region) {
      const handler = HANDLERS[action];
      if (handler === undefined)
        throw new Ec2Fault('InvalidAction', 400, `The simulated cloud does not know ${action}.`);
      return handler(params, region);
    },
    preempt: (id) => end(id, 'Server.SpotInstanceTermination', 0),
    powerLoss: (id) => end(id, 'Server.InternalError', 0),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(instances.map(async (one) => one.body?.powerOff()));
    },
  };

  async function end(id: string, reason: string, afterMs: number): Promise<void> {
    const one = instances.find((instance) => instance.id === id);
    if (one === undefined || one.state === 'terminated' || one.state === 'shutting-down') return;
    one.state = 'shutting-down';
    one.reason = reason;
    // The bill ends here, whatever takes its time after it.
    one.endedAtMs = nowMs();
    await one.body?.powerOff();
    later(afterMs, () => {
      one.state = one.shutdownTerminates || reason !== 'Client.InstanceInitiatedShutdown' ? 'terminated' : 'stopped';
      one.volume = 'deleted';
    });
  }

  const run = (params: URLSearchParams, region: string): string => {
    const type = params.get('InstanceType') ?? '';
    const token = params.get('ClientToken') ?? '';
    const bytes = [...params]
      .filter(([name]) => name !== 'DryRun')
      .map(([name, value]) => `${name}=${value}`)
      .toSorted()
      .join('&');
    if (!(params.get('ImageId') ?? '').startsWith('ami-')) throw new Ec2Fault('InvalidAMIID.Malformed');
    if (params.get('ImageId') === 'ami-missing') throw new Ec2Fault('InvalidAMIID.NotFound');
    if (!TYPES.has(type)) throw new Ec2Fault('InvalidParameterValue', 400, `Invalid value '${type}' for InstanceType.`);
    if (params.get('DryRun') === 'true')
      throw new Ec2Fault('DryRunOperation', 412, 'Request would have succeeded, but DryRun flag is set.');
    const before = instances.find((one) => one.clientToken === token && one.region === region && token !== '');
    if (before !== undefined) {
      if (before.params !== bytes) throw new Ec2Fault('IdempotentParameterMismatch');
      return runAnswer(before);
    }
    if (sim.noCapacity.has(`${region} ${type}`))
      throw new Ec2Fault('InsufficientInstanceCapacity', 500, `We currently do not have sufficient ${type} capacity.`);
    const tags: Record<string, string> = {};
    for (let index = 1; params.has(`TagSpecification.1.Tag.${index}.Key`); index += 1)
      tags[params.get(`TagSpecification.1.Tag.${index}.Key`) ?? ''] =
        params.get(`TagSpecification.1.Tag.${index}.Value`) ?? '';
    count += 1;
    const id = `i-${count.toString(16).padStart(17, '0')}`;
    const userData = Buffer.from(params.get('UserData') ?? '', 'base64').toString();
    if (Buffer.byteLength(userData) > 16_384) throw new Ec2Fault('UserDataLimitExceeded');
    const instance: SimInstance = {
      id,
      region,
      type,
      spot: params.get('InstanceMarketOptions.MarketType') === 'spot',
      tags,
      clientToken: token,
      params: bytes,
      userData,
      launchedAtMs: nowMs(),
      visibleFromMs: nowMs() + sim.hideNewForMs,
      shutdownTerminates: params.get('InstanceInitiatedShutdownBehavior') === 'terminate',
      state: 'pending',
      reason: '',
      endedAtMs: null,
      isNoticed: false,
      volume: 'in-use',
      body: null,
    };
    instances.push(instance);
    later(options.bootMs, () => {
      if (instance.state !== 'pending') return;
      instance.state = 'running';
      if (!options.runs) return;
      const dir = path.join(options.dir, id);
      fs.mkdirSync(dir, { recursive: true });
      instance.body = startMachineBody({
        dir,
        userData,
        minuteMs: options.minuteMs,
        env: { ...options.env, SWITCHYARD_METADATA: `${options.metadata()}/${id}` },
        onPowerOff: () => void end(id, 'Client.InstanceInitiatedShutdown', options.endMs),
      });
    });
    return runAnswer(instance);
  };

  const describeOne = (one: SimInstance): string =>
    `<instanceId>${one.id}</instanceId><imageId>ami-1</imageId><instanceState><code>${STATE_CODES[one.state]}</code><name>${one.state}</name></instanceState>` +
    elements({
      instanceType: one.type,
      launchTime: new Date(one.launchedAtMs).toISOString(),
      clientToken: one.clientToken,
    }) +
    (one.reason === '' ? '' : `<stateReason><code>${one.reason}</code><message>${one.reason}</message></stateReason>`) +
    tagItems(one.tags);
  const runAnswer = (one: SimInstance): string =>
    `<reservationId>r-1</reservationId><instancesSet>${item(describeOne(one))}</instancesSet>`;

  const filtersOf = (params: URLSearchParams): { name: string; values: string[] }[] => {
    const filters: { name: string; values: string[] }[] = [];
    for (let index = 1; params.has(`Filter.${index}.Name`); index += 1) {
      const values: string[] = [];
      for (let at = 1; params.has(`Filter.${index}.Value.${at}`); at += 1)
        values.push(params.get(`Filter.${index}.Value.${at}`) ?? '');
      filters.push({ name: params.get(`Filter.${index}.Name`) ?? '', values });
    }
    return filters;
  };
  const fits = (one: SimInstance, { name, values }: { name: string; values: string[] }): boolean => {
    if (name.startsWith('tag:')) return values.includes(one.tags[name.slice(4)] ?? '\0');
    if (name === 'instance-state-name') return values.includes(one.state);
    throw new Ec2Fault('InvalidParameterValue', 400, `The filter '${name}' is invalid`);
  };

  const HANDLERS: Readonly<Record<string, (params: URLSearchParams, region: string) => string>> = {
    RunInstances: run,
    DescribeInstances: (params, region) =>
      `<reservationSet>${instances
        .filter(
          (one) =>
            one.region === region &&
            one.visibleFromMs <= nowMs() &&
            filtersOf(params).every((filter) => fits(one, filter)),
        )
        .map((one) => item(runAnswer(one)))
        .join('')}</reservationSet>`,
    DescribeVolumes: (params, region) =>
      `<volumeSet>${instances
        .filter(
          (one) =>
            one.region === region && one.volume !== 'deleted' && filtersOf(params).every((filter) => fits(one, filter)),
        )
        .map((one) => item(`<volumeId>vol-${one.id}</volumeId><status>${one.volume}</status>`))
        .join('')}</volumeSet>`,
    TerminateInstances(params, region) {
      const ids: string[] = [];
      for (let index = 1; params.has(`InstanceId.${index}`); index += 1)
        ids.push(params.get(`InstanceId.${index}`) ?? '');
      for (const id of ids)
        if (!instances.some((one) => one.id === id && one.region === region))
          throw new Ec2Fault('InvalidInstanceID.NotFound');
      for (const id of ids) void end(id, 'Client.UserInitiatedShutdown', options.endMs);
      return `<instancesSet>${ids.map((id) => item(`<instanceId>${id}</instanceId>`)).join('')}</instancesSet>`;
    },
    DescribeImages: (params) =>
      params.get('ImageId.1') === 'ami-missing'
        ? '<imagesSet></imagesSet>'
        : `<imagesSet>${item(
            elements({
              imageId: params.get('ImageId.1') ?? 'ami-1',
              name: 'simulated',
              rootDeviceName: '/dev/sda1',
              creationDate: '2026-01-01T00:00:00.000Z',
            }),
          )}</imagesSet>`,
    DescribeInstanceTypeOfferings: (params) =>
      `<instanceTypeOfferingSet>${(filtersOf(params)[0]?.values ?? [])
        .filter((type) => TYPES.has(type))
        .map((type) => item(`<instanceType>${type}</instanceType>`))
        .join('')}</instanceTypeOfferingSet>`,
    DescribeSpotPriceHistory: (params) =>
      `<spotPriceHistorySet>${['a', 'b']
        .map((zone, index) =>
          item(
            elements({
              instanceType: params.get('InstanceType.1') ?? '',
              spotPrice: `0.2${index}`,
              availabilityZone: `us-east-1${zone}`,
            }),
          ),
        )
        .join('')}</spotPriceHistorySet>`,
  };
  return sim;
}
