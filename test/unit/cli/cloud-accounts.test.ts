/** `cloud accounts`, `types`, `machines`, `scan` and `rent` against a stand-in engine. */
import { afterEach, expect, it } from 'vitest';
import { cli, startFakeEngine, type FakeEngine, type Routes } from './fake-engine.ts';

let engine: FakeEngine | null = null;
const start = async (routes: Routes): Promise<FakeEngine> => (engine = await startFakeEngine(routes));
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const account = {
  name: 'lab',
  provider: 'aws',
  kind: 'keys',
  shown: 'access key AKIA…CDEF',
  simulated: false,
  liveMachines: 1,
  lastCheck: null,
};

it('reads a secret from a pipe, and from nowhere else', async () => {
  const { home, seen } = await start({
    'POST /cloud/accounts/lab': { json: account },
    'GET /cloud/accounts': { json: { accounts: [account] } },
  });
  const argv = ['cloud', 'accounts', 'add', 'lab', '--access-key', 'AKIA0123456789ABCDEF'];
  const kept = await cli(home, argv, { stdin: 'the/secret/of/the/key/00000000000000000\n' });
  expect(kept.out).toContain('lab is kept: access key AKIA…CDEF.');
  expect(seen.at(-1)?.body).toEqual({
    provider: 'aws',
    credentials: {
      kind: 'keys',
      accessKeyId: 'AKIA0123456789ABCDEF',
      secretAccessKey: 'the/secret/of/the/key/00000000000000000',
    },
    endpoint: null,
  });
  expect((await cli(home, argv, { stdin: '' })).err).toContain('read from a pipe');
  expect((await cli(home, ['cloud', 'accounts', 'add', 'lab'])).err).toContain('--access-key ID, --profile NAME');
  expect((await cli(home, ['cloud', 'accounts', 'add', 'lab', '--profile', 'a', '--environment'])).exitCode).toBe(2);
  expect((await cli(home, ['cloud', 'accounts'])).out).toMatch(/lab +access key AKIA…CDEF +1/);
});

it('shows a price that is not known as such, and never as nothing', async () => {
  const { home } = await start({
    'GET /cloud/machine-types': {
      json: {
        aliases: { 'm+h100': 'p5.4xlarge' },
        types: [
          {
            type: 'p5.4xlarge',
            gpu: { name: 'H100', count: 1, memoryMiB: 81920 },
            vcpus: 16,
            memoryGiB: 256,
            prices: { 'us-east-1': { onDemandUsd: 6.88, spotUsd: null } },
          },
        ],
      },
    },
  });
  expect((await cli(home, ['cloud', 'types'])).out).toMatch(
    /p5\.4xlarge +m\+h100 +1 x H100, 80 GiB +16 +256 GiB +\$6\.88 +\?/,
  );
  expect((await cli(home, ['cloud', 'types', '--region', 'eu-north-1'])).out).toMatch(/256 GiB +\? +\?/);
});

it('fails when an account could not be looked at: that is not the same as nothing left', async () => {
  const { home } = await start({
    'POST /cloud/scan': { json: { leftovers: [], problems: [{ account: 'lab', text: 'ExpiredToken' }] } },
  });
  const scan = await cli(home, ['cloud', 'scan']);
  expect(scan.out).toContain('lab could not be looked at: ExpiredToken');
  expect(scan.out).not.toContain('Nothing is left over');
  expect(scan.exitCode).not.toBe(0);
  expect((await cli(home, ['cloud', 'scan', '--end', 'i-1'])).err).toContain('not among the leftovers');
});

it('says the most that a pool of rented machines can cost when it is made', async () => {
  const target = { provider: 'aws', account: 'lab', regions: ['us-east-1'], machineType: 'm+t4', spot: false };
  const { home, seen } = await start({
    'POST /pools': { json: { id: 't4', name: 't4', kind: 'cloud', target } },
    'GET /cloud/pools/t4/price': {
      json: {
        perHourUsd: 0.5,
        diskPerHourUsd: null,
        hours: 12,
        worstCaseUsd: 6,
        worstCaseIsWhole: false,
        source: null,
        refusal: null,
      },
    },
  });
  const made = await cli(home, [
    'cloud',
    'rent',
    't4',
    '--account',
    'lab',
    '--type',
    'm+t4',
    '--region',
    'us-east-1',
    '--hours',
    '12',
    '--budget-trial',
    '$20',
  ]);
  expect(made.out).toContain('at most $6.00 in 12 hours, without its disk');
  expect(seen.find(({ method }) => method === 'POST')?.body).toMatchObject({
    target: { timeLimitHours: 12, budgetPerTrialUsd: 20, regions: ['us-east-1'] },
  });
  expect(
    (
      await cli(home, [
        'cloud',
        'rent',
        't4',
        '--account',
        'lab',
        '--type',
        'm+t4',
        '--region',
        'us-east-1',
        '--hours',
        'long',
      ])
    ).err,
  ).toContain('--hours needs a number');
});
