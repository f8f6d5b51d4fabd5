/** Accounts: kept sealed, told to nobody, and never given away while a machine could be theirs. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApi } from '../../../electron/api/app.ts';
import { createCloudService } from '../../../electron/api/services/cloud-service.ts';
import type { Services } from '../../../electron/api/services/services.ts';
import { openCloudLab, requestAt, TARGET, type CloudLab } from '../../support/cloud/cloud-lab.ts';
import { SIM_KEY, startSimCloud, type SimCloud } from '../../support/cloud/sim-cloud.ts';

/** What any of the routes answers, as far as it is read here. */
interface Answer {
  readonly findings: readonly { readonly id: string }[];
  readonly leftovers: readonly { readonly ref: string }[];
  readonly problems: readonly unknown[];
  readonly machines: readonly unknown[];
}

let dir: string;
let sim: SimCloud;
let lab: CloudLab;
let nowMs: number;
const answers: string[] = [];

beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-accounts-'));
  nowMs = Date.now();
  sim = await startSimCloud({ nowMs: () => nowMs });
  lab = openCloudLab(dir, () => nowMs);
  answers.length = 0;
});
afterEach(async () => {
  lab.close();
  await sim.close();
  rmSync(dir, { recursive: true, force: true });
});

async function ask(method: string, where: string, body?: unknown): Promise<{ status: number; json: Answer }> {
  const bugs: unknown[] = [];
  const services = { ...createCloudService(lab.cloud), version: '0', reportBug: (error: unknown) => bugs.push(error) };
  const answer = await createApi(services as unknown as Services).request(`/api/v1${where}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  answers.push(text, ...bugs.map((bug) => (bug instanceof Error ? (bug.stack ?? '') : String(bug))));
  return { status: answer.status, json: (text === '' ? null : JSON.parse(text)) as Answer };
}
const add = (name = 'lab', credentials: unknown = { kind: 'keys', ...SIM_KEY }) =>
  ask('POST', `/cloud/accounts/${name}`, { credentials, endpoint: sim.endpoint });

function everythingWritten(): string {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.map((one) => readFileSync(path.join(one.parentPath, one.name), 'latin1')).join('\n');
}

it('shows a secret to nobody: not in an answer, an error, a report or a file', async () => {
  await add();
  expect((await ask('POST', '/cloud/accounts/lab/test')).json).toMatchObject({ ok: true });
  for (const state of ['expired', 'revoked'] as const) {
    sim.keys.set(SIM_KEY.accessKeyId, { secret: SIM_KEY.secretAccessKey, state });
    expect((await ask('POST', '/cloud/accounts/lab/test')).json).toMatchObject({ ok: false, identity: null });
  }
  await ask('GET', '/cloud/accounts');
  await ask('POST', '/cloud/accounts/lab', {
    credentials: { kind: 'keys', ...SIM_KEY, secret: SIM_KEY.secretAccessKey },
  });
  await ask('POST', '/cloud/accounts/lab', {
    credentials: { kind: 'keys', ...SIM_KEY, accessKeyId: SIM_KEY.secretAccessKey },
  });
  await ask('POST', '/cloud/scan');
  await ask('DELETE', '/cloud/accounts/nobody');
  lab.store.db.pragma('wal_checkpoint(TRUNCATE)');
  const all = [...answers, ...lab.reported, everythingWritten()].join('\n');
  expect(all).toContain('AKIA…');
  expect(all).not.toContain(SIM_KEY.secretAccessKey);
  expect(all).not.toContain(Buffer.from(SIM_KEY.secretAccessKey).toString('base64').slice(0, 20));
});

it.each([
  [{ kind: 'keys', accessKeyId: 'short', secretAccessKey: 'x'.repeat(40) }, 'accessKeyId'],
  [{ kind: 'role', roleArn: 'arn:aws:s3:::bucket' }, 'roleArn'],
  [{ kind: 'profile', profile: 'a]\nb' }, 'profile'],
  [{ kind: 'keys', ...SIM_KEY, region: 'us-east-1' }, 'region'],
])('refuses %j and keeps nothing of it', async (credentials, word) => {
  const answer = await add('lab', credentials);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.json)).toContain(word);
  expect(lab.cloud.accounts.list()).toEqual([]);
});

it.each([
  'http://169.254.169.254/',
  'http://cloud.example/',
  'https://user:pass@cloud.example/',
  'ftp://127.0.0.1/',
  'nonsense',
])('does not send signed requests to %s', async (endpoint) => {
  expect((await ask('POST', '/cloud/accounts/lab', { credentials: { kind: 'environment' }, endpoint })).status).toBe(
    400,
  );
});

it('signs as a role that the account may take', async () => {
  process.env['AWS_ACCESS_KEY_ID'] = SIM_KEY.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = SIM_KEY.secretAccessKey;
  try {
    await add('lab', { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/train' });
    const { json } = await ask('POST', '/cloud/accounts/lab/test');
    expect(json).toMatchObject({ ok: true });
    expect(sim.calls).toContain('AssumeRole');
    expect(json.findings.map(({ id }) => id)).toContain('session');
  } finally {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  }
});

it('keeps an account with a machine that is not verified gone, and one that a pool uses', async () => {
  await add();
  const provider = await lab.cloud.open(TARGET);
  const request = requestAt(nowMs);
  await provider.provision(request);
  expect((await ask('DELETE', '/cloud/accounts/lab')).json).toMatchObject({
    code: 'illegal_state',
    detail: expect.stringContaining('not known to be gone: 1'),
  });
  await provider.terminate(request);
  await lab.cloud.reconciler.round();
  expect(lab.cloud.journeys.get(request.attemptId)).toMatchObject({ phase: 'gone' });
  expect((await ask('DELETE', '/cloud/accounts/lab')).json).toMatchObject({ detail: 'The pool aws uses lab.' });
  await provider.close();
});

it('takes no credentials of another account, nor such as do not work, while machines run', async () => {
  await add();
  await ask('POST', '/cloud/accounts/lab/test');
  const provider = await lab.cloud.open(TARGET);
  await provider.provision(requestAt(nowMs));
  const wrong = { kind: 'keys', accessKeyId: 'AKIANOBODYKNOWSTHIS0', secretAccessKey: 'x'.repeat(40) };
  expect((await add('lab', wrong)).status).toBe(409);
  sim.keys.set('AKIAROTATED000000000', { secret: 'rotated/secret/rotated/secret', state: 'good' });
  expect(
    (
      await add('lab', {
        kind: 'keys',
        accessKeyId: 'AKIAROTATED000000000',
        secretAccessKey: 'rotated/secret/rotated/secret',
      })
    ).status,
  ).toBe(200);
  await provider.close();
});

it('finds a machine that the database does not know, ends it when told, and leaves those of another install alone', async () => {
  await add();
  const ours = await lab.cloud.open(TARGET);
  await ours.provision(requestAt(nowMs));
  lab.store.db.exec('DELETE FROM offload');
  const { json } = await ask('POST', '/cloud/scan');
  expect(json).toMatchObject({
    problems: [],
    leftovers: [{ isOurs: true, attemptId: 'e1-t1-a1', region: 'us-east-1' }],
  });
  const ref = json.leftovers[0]?.ref;
  expect((await ask('POST', '/cloud/leftovers/end', { account: 'lab', region: 'us-east-1', ref })).status).toBe(202);
  expect((await ask('POST', '/cloud/scan')).json.leftovers).toEqual([]);
  await ours.close();
});

it('says what cannot be looked at, and that is not nothing', async () => {
  await add();
  const provider = await lab.cloud.open(TARGET);
  await provider.provision(requestAt(nowMs));
  await provider.close();
  sim.keys.set(SIM_KEY.accessKeyId, { secret: SIM_KEY.secretAccessKey, state: 'revoked' });
  expect((await ask('POST', '/cloud/scan')).json.problems).toHaveLength(1);
  expect((await ask('GET', '/cloud/machines')).json.machines[0]).toMatchObject({
    phase: expect.not.stringMatching('gone'),
    attention: { text: expect.stringContaining('AuthFailure') },
  });
});

it('spends no more than the budget, before the start and after', async () => {
  await add();
  const target = { ...TARGET, budgetPerTrialUsd: 0.6 };
  lab.store.db.prepare('UPDATE pool SET target = ? WHERE id = ?').run(JSON.stringify(target), 'aws');
  const over: string[] = [];
  lab.cloud.reconciler.onOverBudget((trialId, why) => over.push(`#${trialId} ${why}`));
  const provider = await lab.cloud.open(target);
  const first = requestAt(nowMs);
  await provider.provision(first);
  await lab.cloud.reconciler.round();
  expect(over).toEqual([]);
  nowMs += 3_000_000;
  await provider.terminate(first);
  await lab.cloud.reconciler.round();
  expect(lab.cloud.machines()[0]?.costUsd).toBeCloseTo((0.51 * 3_000_000) / 3_600_000, 5);
  // Of the 0.60, 0.42 are spent: an hour more does not fit.
  await expect(provider.provision(requestAt(nowMs, 2))).rejects.toMatchObject({
    code: 'quota',
    message: expect.stringContaining('$0.60'),
  });
  expect(sim.ec2.instances).toHaveLength(1);
  const short = { ...requestAt(nowMs, 3), deadlineMs: nowMs + 900_000 };
  await provider.provision(short);
  nowMs += 3_600_000;
  lab.store.db
    .prepare('UPDATE pool SET target = ? WHERE id = ?')
    .run(JSON.stringify({ ...target, budgetPerTrialUsd: 0.5 }), 'aws');
  await lab.cloud.reconciler.round();
  await lab.cloud.reconciler.round();
  expect(over).toEqual(['#1 The budget of $0.50 for a trial is used up.']);
  await provider.close();
});
