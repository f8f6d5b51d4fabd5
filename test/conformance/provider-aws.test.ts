/** Machines of AWS: on the simulated cloud, and on moto's server where it is installed. */
import { DescribeImagesCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAws } from '../support/cloud/aws-lab.ts';
import { isInstalled, MOTO, startMoto } from '../support/cloud/foreign-server.ts';
import { describeProvider, requestOf } from '../support/cloud/provider-suite.ts';
import { SIM_KEY, startSimCloud, type SimCloud, type SimCloudOptions } from '../support/cloud/sim-cloud.ts';
import { until } from '../support/cloud/until.ts';
import type { Provider } from '../../electron/ports/provider.ts';

const PLACE = { region: 'us-east-1', machineType: 'm7i.large' } as const;

describeProvider('AWS, simulated', async () => {
  const cloud = await startSimCloud({ bootMs: 20, endMs: 20 });
  const provider = await openAws(cloud.endpoint);
  return {
    ...PLACE,
    provider,
    made: () => Promise.resolve(cloud.ec2.instances.length),
    async close() {
      await provider.close();
      await cloud.close();
    },
  };
});

if (isInstalled(MOTO))
  describeProvider("AWS, moto's server", async () => {
    const { endpoint, stop } = await startMoto();
    const provider = await openAws(endpoint);
    const client = new EC2Client({ endpoint, region: PLACE.region, credentials: SIM_KEY });
    return {
      ...PLACE,
      provider,
      honoursTokens: false,
      image: (await client.send(new DescribeImagesCommand({}))).Images?.[0]?.ImageId ?? '',
      made: async () =>
        ((await client.send(new DescribeInstancesCommand({}))).Reservations ?? []).flatMap(
          ({ Instances }) => Instances ?? [],
        ).length,
      async close() {
        await provider.close();
        client.destroy();
        await stop();
      },
    };
  });
else
  describe("provider: AWS, moto's server", () => {
    it.skip('moto_server is not installed (pip install "moto[server]")');
  });

async function open(options: SimCloudOptions = {}): Promise<{ cloud: SimCloud; provider: Provider }> {
  const cloud = await startSimCloud({ bootMs: 0, endMs: 0, ...options });
  const provider = await openAws(cloud.endpoint);
  onTestFinished(async () => {
    await provider.close();
    await cloud.close();
  });
  return { cloud, provider };
}

describe('a cloud that misbehaves', () => {
  it.each([
    ['InsufficientInstanceCapacity', 500, 'capacity'],
    ['VcpuLimitExceeded', 400, 'quota'],
    ['UnauthorizedOperation', 403, 'permission'],
    ['AuthFailure', 401, 'auth'],
    ['InvalidAMIID.NotFound', 400, 'image'],
    ['RequestLimitExceeded', 503, 'throttled'],
    ['InvalidParameterValue', 400, 'refused'],
    ['InternalError', 500, 'network'],
    ['SomethingNew', 400, 'unknown'],
  ])('%s is %s', async (code, status, meaning) => {
    const { cloud, provider } = await open();
    cloud.faults.push({ on: 'RunInstances', kind: 'refuse', code, status, times: 9 });
    await expect(provider.provision(requestOf(PLACE, 'e1-t1-a1'))).rejects.toMatchObject({
      code: meaning,
      outcomeUnknown: meaning === 'network',
    });
    expect(cloud.ec2.instances).toHaveLength(0);
  });

  it('makes one machine though every answer is lost and nobody sees it yet', async () => {
    const { cloud, provider } = await open();
    cloud.ec2.hideNewForMs = 600_000;
    cloud.faults.push({ on: 'RunInstances', kind: 'lost', times: 4 });
    const request = requestOf(PLACE, 'e1-t1-a1');
    await expect(provider.provision(request)).rejects.toMatchObject({ code: 'network', outcomeUnknown: true });
    expect((await provider.provision(request)).ref).toBe(cloud.ec2.instances[0]?.id);
    expect(cloud.ec2.instances).toHaveLength(1);
  });

  it('does not make a second one when the credentials were changed in between', async () => {
    const { cloud, provider } = await open();
    cloud.ec2.hideNewForMs = 600_000;
    cloud.keys.set('AKIAROTATED000000000', { secret: 'another/secret', state: 'good' });
    const request = requestOf(PLACE, 'e1-t1-a1');
    await provider.provision(request);
    const { createAwsOpener } = await import('../../native/clouds/aws/aws-opener.ts');
    const other = await createAwsOpener({
      agentFile: import.meta.filename,
      listPrice: () => ({ free: false, perHourUsd: null, diskPerHourUsd: null, source: null }),
      nowMs: Date.now,
    }).open({
      credentials: { kind: 'keys', accessKeyId: 'AKIAROTATED000000000', secretAccessKey: 'another/secret' },
      endpoint: cloud.endpoint,
      engineId: 'e1',
    });
    await expect(other.provision(request)).rejects.toMatchObject({ outcomeUnknown: true });
    await other.close();
    expect(cloud.ec2.instances).toHaveLength(1);
  });

  it('is asked with all that ends a machine by itself, and marks it as it is made', async () => {
    const { cloud, provider } = await open();
    const request = {
      ...requestOf(PLACE, 'e1-t1-a1'),
      choice: { ...PLACE, spot: true },
      machine: { image: 'ami-42', diskGiB: 77, maxPricePerHourUsd: 0.4 },
    };
    await provider.provision(request);
    const [instance] = cloud.ec2.instances;
    const params = new URLSearchParams(instance?.params.replaceAll('+', '%2B'));
    expect(Object.fromEntries(params)).toMatchObject({
      InstanceInitiatedShutdownBehavior: 'terminate',
      'MetadataOptions.HttpTokens': 'required',
      'InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior': 'terminate',
      'InstanceMarketOptions.SpotOptions.MaxPrice': '0.4',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '77',
      ImageId: 'ami-42',
    });
    expect(instance?.tags).toMatchObject({
      'switchyard:managed': '1',
      'switchyard:install': 'e1',
      'switchyard:attempt': 'e1-t1-a1',
    });
    const [bucket] = [...cloud.s3.buckets.values()];
    expect(bucket).toMatchObject({
      isPrivate: true,
      lifecycle: expect.stringContaining('AbortIncompleteMultipartUpload'),
    });
    // Neither the machine nor what lies in the bucket for it has a key of the user's.
    const written = [
      instance?.userData,
      ...[...(bucket?.objects.values() ?? [])].map((one) => one.toString('latin1')),
    ].join('\n');
    expect(written).not.toContain(SIM_KEY.secretAccessKey);
    // First of all, when it ends.
    expect(instance?.userData.split('\n').findIndex((line) => line.startsWith('shutdown -P +'))).toBeLessThan(8);
  });

  it('makes its bucket anew when somebody has deleted it', async () => {
    const { cloud, provider } = await open();
    await provider.provision(requestOf(PLACE, 'e1-t1-a1'));
    (cloud.s3.buckets as Map<string, unknown>).clear();
    await provider.provision(requestOf(PLACE, 'e1-t2-a1'));
    expect([...cloud.s3.buckets.values()]).toMatchObject([{ isPrivate: true }]);
  });

  it('says which permission is missing', async () => {
    const { cloud, provider } = await open();
    for (const one of ['RunInstances', 'DescribeVolumes']) cloud.forbidden.add(one);
    const findings = await provider.check([{ ...PLACE, spot: false }]);
    expect(findings.filter(({ level }) => level === 'error').map(({ id }) => id)).toEqual([
      'volumes:us-east-1',
      'start:us-east-1',
    ]);
  });
});

describe('the machine itself', () => {
  it('runs the agent it was given, with what it was told, and ends when that ends', async () => {
    const { cloud } = await open({ runs: true });
    const provider = await openAws(
      cloud.endpoint,
      'e1',
      `import json, sys, time, urllib.request
config = json.load(open(sys.argv[2]))
assert abs(config["deadlineMs"] / 1000 - time.time() - 3600) < 60, config["deadlineMs"]
spec = urllib.request.urlopen(config["mailbox"]["reads"][config["prefix"] + "spec.json"]["url"]).read()
open(config["home"] + "/seen", "wb").write(spec)
`,
    );
    const request = requestOf(PLACE, 'e1-t1-a1');
    const mailbox = await provider.mailbox(PLACE.region);
    await mailbox.put(`${request.prefix}spec.json`, new TextEncoder().encode('{"spec":1}'));
    await provider.provision(request);
    await until(async () => (await provider.observe(request)).state === 'gone');
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(`${cloud.ec2.instances[0]?.body?.dir ?? ''}/opt/home/seen`, 'utf8')).toBe('{"spec":1}');
    expect(cloud.ec2.instances[0]?.body?.asked()[0]).toBe('shutdown -P +60');
    await mailbox.close();
    await provider.close();
  });

  it('ends itself at its deadline, without anybody', async () => {
    const { cloud } = await open({ runs: true, minuteMs: 10 });
    const provider = await openAws(cloud.endpoint, 'e1', 'import time\nwhile True: time.sleep(1)\n');
    await provider.provision(requestOf(PLACE, 'e1-t1-a1'));
    await until(() => cloud.ec2.instances[0]?.state === 'terminated');
    const metered = cloud.meteredMs();
    await until(() => Date.now() > (cloud.ec2.instances[0]?.endedAtMs ?? 0) + 100);
    expect(cloud.meteredMs()).toBe(metered);
    await provider.close();
  });

  it('runs no agent but the one whose checksum it was told, and ends', async () => {
    const { cloud, provider } = await open({ runs: true, bootMs: 300 });
    await provider.provision(requestOf(PLACE, 'e1-t1-a1'));
    const objects = [...cloud.s3.buckets.values()][0]?.objects;
    const key = [...(objects?.keys() ?? [])].find((one) => one.startsWith('packs/agent-')) ?? '';
    objects?.set(key, Buffer.from('open("../../pwned", "w")\n'));
    await until(() => cloud.ec2.instances[0]?.state === 'terminated');
    const { existsSync } = await import('node:fs');
    const dir = cloud.ec2.instances[0]?.body?.dir ?? '';
    expect(existsSync(`${dir}/opt/agent.py`)).toBe(false);
    expect(existsSync(`${dir}/pwned`)).toBe(false);
  });
});
