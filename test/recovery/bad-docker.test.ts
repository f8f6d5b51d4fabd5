/** Docker on bad days: an image that does not exist, a daemon that is stopped or crashes while trials run, on a private daemon. */
import { cpSync, existsSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { dockerdObstacle, startDockerd, type TestDockerd } from '../support/dockerd.ts';
import { busyboxTar } from '../support/image-tars.ts';
import { waitUntil } from '../support/processes.ts';
import { openRegistry } from '../support/registry.ts';
import { makeDirectory, openYard, refusal, type Yard } from '../support/yard.ts';

const obstacle = dockerdObstacle();
/** The daemon is looked for again after 1, 2, 5, 5... seconds. */
const BACK_DEADLINE_MS = 45_000;

/** A registry that has no image at all. @returns its address */
async function emptyRegistry(): Promise<string> {
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/v2/') response.end('{}');
    else
      response
        .writeHead(404)
        .end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: {} }] }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a Docker that takes connections and never answers keeps nothing from starting', async () => {
  const socket = path.join(makeDirectory(), 'docker.sock');
  let asked = 0;
  const silent = net.createServer(() => {
    asked++;
  });
  await new Promise<void>((resolve) => {
    silent.listen(socket, resolve);
  });
  onTestFinished(() => {
    silent.close();
  });
  const yard = await openYard({ env: { DOCKER_HOST: `unix://${socket}` } });
  const id = await yard.submit({ entrypoint: 'true', resources: { slots: 0 } });
  expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
  // It is asked a second time once it has not answered for its whole deadline.
  expect(asked).toBeLessThanOrEqual(1);
});

describe.skipIf(obstacle !== null)(`docker${obstacle === null ? '' : ` (${obstacle})`}`, () => {
  let dockerd: TestDockerd;
  let image: string;
  beforeAll(async () => {
    dockerd = await startDockerd();
    image = await dockerd.busyboxImage();
  });
  // A test that failed in the middle must not take the others with it.
  beforeEach(() => dockerd.api.ping().catch(() => dockerd.start()));
  afterAll(() => dockerd.stop());

  const openDockerYard = (): Promise<Yard> => openYard({ env: { DOCKER_HOST: dockerd.dockerHost } });
  const inContainer = (entrypoint: string): Record<string, unknown> => ({
    runtime: 'docker',
    entrypoint,
    environment: { image },
    grace_period_s: 1,
  });
  const running = (yard: Yard, id: number, attempt: number, deadlineMs?: number): Promise<unknown> =>
    yard.engine.waitFor(
      `#${id} runs as attempt ${attempt}`,
      ({ trials }) => trials.get(id)?.state === 'running' && trials.get(id)?.attempt === attempt,
      deadlineMs,
    );

  test('an image nobody has: failed with its name and what to do, the queue goes on', async () => {
    const yard = await openDockerYard();
    const missing = `${await emptyRegistry()}/lab/no-such-image:1`;
    const id = await yard.submit({
      runtime: 'docker',
      entrypoint: 'true',
      environment: { image: missing },
      max_restarts: 3,
    });
    const next = await yard.submit(inContainer('true'));
    expect(await yard.outcomeOf(id)).toMatchObject({
      kind: 'failed',
      code: 'image_missing',
      message: expect.stringContaining('no-such-image'),
      remedy: expect.stringMatching(/\w/),
    });
    expect(await yard.outcomeOf(next)).toMatchObject({ kind: 'completed' });
    expect(
      await refusal(yard.submit({ runtime: 'docker', entrypoint: 'true', environment: { image: 'NOT AN IMAGE::' } })),
    ).toMatchObject({ code: 'invalid_config', path: 'environment.image', detail: expect.stringContaining('NOT AN') });
  });

  test("a home as a mount does not show the engine's own directory; the directory itself is refused", async () => {
    const yard = await openDockerYard();
    const withMount = (host_path: string): Record<string, unknown> => ({
      ...inContainer('ls -A /home/data; ls -la /home/data/engine.sock; touch /home/data/x'),
      mounts: [{ host_path, container_path: '/home', read_only: false }],
    });
    expect(await refusal(yard.submit(withMount(yard.engine.dataDir)))).toMatchObject({
      code: 'mount_refused',
      path: 'mounts',
    });
    const id = await yard.submit(withMount(path.dirname(yard.engine.dataDir)));
    await yard.outcomeOf(id);
    const log = await yard.engine.api.log(id, 1);
    expect(log).toContain('No such file');
    expect(log).not.toContain('secret.key');
    expect(existsSync(path.join(yard.engine.dataDir, 'x'))).toBe(false);
  });

  test('seconds without a network fail nobody: trials of that image wait with the reason and start by themselves', async () => {
    const tar = await busyboxTar();
    const gone = await openRegistry(tar);
    await gone.close();
    const yard = await openDockerYard();
    const of = (name: string): Record<string, unknown> => ({ ...inContainer('true'), environment: { image: name } });
    const ids = [await yard.submit(of(gone.image)), await yard.submit(of(gone.image))];
    const local = await yard.submit(inContainer('true'));
    expect(await yard.outcomeOf(local, BACK_DEADLINE_MS)).toMatchObject({ kind: 'completed' });
    const reasonOf = async (id: number): Promise<string> =>
      (await yard.engine.api.state()).plan?.waiting.find(({ trialId }) => trialId === id)?.reason.text ?? '';
    await waitUntil(
      'both wait for the registry',
      async () => {
        const reasons = await Promise.all(ids.map(reasonOf));
        return reasons.every((text) => /tried again in \d+ s: .*cannot be reached/.test(text));
      },
      BACK_DEADLINE_MS,
    );
    const attempts = await Promise.all(ids.map(async (id) => (await yard.engine.api.trial(id)).attempts.length));
    expect(Math.min(...attempts)).toBe(0);
    const back = await openRegistry(tar, { port: gone.port });
    onTestFinished(() => back.close());
    for (const id of ids) expect(await yard.outcomeOf(id, BACK_DEADLINE_MS)).toMatchObject({ kind: 'completed' });
  });

  test('an image is pulled while others have the GPU, and its trial says how far it is', async () => {
    const registry = await openRegistry(await busyboxTar());
    onTestFinished(() => registry.close());
    const release = registry.hold();
    const yard = await openYard({ env: { DOCKER_HOST: dockerd.dockerHost }, gpus: [{}] });
    const one = { resources: { slots: 1 } };
    const waits = await yard.submit({ ...inContainer('true'), ...one, environment: { image: registry.image } });
    const behind = await yard.submit({ entrypoint: 'true', ...one });
    expect(await yard.outcomeOf(behind, BACK_DEADLINE_MS)).toMatchObject({ kind: 'completed' });
    await yard.engine.waitFor(
      'it says what it waits for',
      ({ reasonOf }) => reasonOf(waits)?.startsWith('pulling its image') === true,
      BACK_DEADLINE_MS,
    );
    expect((await yard.engine.api.trial(waits)).attempts).toEqual([]);
    release();
    // There is no GPU in this Docker: it is enough that it is launched once its image came.
    await yard.engine.waitFor('it starts', ({ trials }) => trials.get(waits)?.attempt === 1, BACK_DEADLINE_MS);
  });

  test('a container that somebody else pauses is shown as frozen, and goes on with them or with us', async () => {
    const yard = await openDockerYard();
    const id = await yard.submit(inContainer('while :; do sleep 0.1; done'));
    await running(yard, id, 1);
    const [container] = await dockerd.api.listContainers({ filters: { label: [`switchyard.trial=${id}`] } });
    const paused = dockerd.api.getContainer(container?.Id ?? '');
    const shows = (frozen: boolean): Promise<unknown> =>
      yard.engine.waitFor(`frozen: ${frozen}`, ({ trials }) => trials.get(id)?.frozen === frozen, BACK_DEADLINE_MS);
    await paused.pause();
    await shows(true);
    await paused.unpause();
    await shows(false);
    await paused.pause();
    await shows(true);
    await yard.engine.api.act({ action: 'unfreeze', trialIds: [id] });
    await shows(false);
    await waitUntil('it runs', async () => !(await paused.inspect()).State.Paused);
    await yard.engine.api.act({ action: 'kill', trialIds: [id] });
    await yard.outcomeOf(id);
  });

  test('a registry that dies in the middle of a layer is asked again', async () => {
    const registry = await openRegistry(await busyboxTar());
    onTestFinished(() => registry.close());
    registry.breakLayers(2);
    const yard = await openDockerYard();
    const id = await yard.submit({ ...inContainer('true'), environment: { image: registry.image } });
    expect(await yard.outcomeOf(id, BACK_DEADLINE_MS)).toMatchObject({ kind: 'completed' });
  });

  test('a Docker that hands out no GPUs: those that need one wait with the remedy, others run', async () => {
    const yard = await openYard({ env: { DOCKER_HOST: dockerd.dockerHost }, gpus: [{}, {}] });
    const withGpu = { ...inContainer('true'), resources: { slots: 1 } };
    const ids = [await yard.submit(withGpu), await yard.submit(withGpu), await yard.submit(withGpu)];
    const plain = await yard.submit({ ...inContainer('true'), resources: { slots: 0 } });
    expect(await yard.outcomeOf(plain, BACK_DEADLINE_MS)).toMatchObject({ kind: 'completed' });
    await yard.engine.waitFor(
      'the notice names the remedy',
      ({ notices }) =>
        notices.some(({ id, remedy }) => id === 'launch_hold' && remedy?.includes('nvidia-ctk') === true),
      BACK_DEADLINE_MS,
    );
    for (const id of ids) expect((await yard.engine.api.trial(id)).trial.state).not.toBe('done');
  });

  test("a copied data directory leaves the original's containers alone", { timeout: 120_000 }, async () => {
    const yard = await openDockerYard();
    const id = await yard.submit(inContainer('echo ready; sleep 600'));
    await running(yard, id, 1);
    const copy = path.join(yard.dir, 'copy');
    cpSync(yard.engine.dataDir, copy, {
      recursive: true,
      filter: (file) => !/\.sock$|engine\.lock|http\.json/.test(file),
    });
    const other = await openYard({ env: { DOCKER_HOST: dockerd.dockerHost }, dataDir: copy });
    await other.engine.waitFor('it says so', ({ notices }) =>
      notices.some((notice) => notice.id === 'copied_data_dir'),
    );
    expect((await other.engine.api.trial(id)).trial).toMatchObject({ state: 'queued' });
    expect(await other.engine.api.state()).toMatchObject({ pools: [expect.objectContaining({ state: 'paused' })] });
    expect(await dockerd.api.listContainers()).toHaveLength(1);
    expect((await yard.engine.api.trial(id)).trial).toMatchObject({ state: 'running', attempt: 1 });
    await yard.engine.api.act({ action: 'kill', trialIds: [id] });
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'canceled' });
  });

  test('a command the image does not have: failed, and the log names it', async () => {
    const yard = await openDockerYard();
    const id = await yard.submit({ ...inContainer('x'), entrypoint: ['no-such-program-here'] });
    expect(await yard.outcomeOf(id)).toMatchObject({
      kind: 'failed',
      code: 'command_missing',
      exitCode: 127,
      remedy: expect.stringContaining('log'),
    });
    expect(await yard.engine.api.log(id, 1)).toContain('no-such-program-here');
  });

  test.each([
    ['stopped', 'SIGTERM'],
    ['crashes', 'SIGKILL'],
  ] as const)(
    'the daemon %s while trials run and comes back: they go on, nothing counts as their failure',
    { timeout: 180_000 },
    async (_, signal) => {
      const yard = await openDockerYard();
      await yard.engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 2 } });
      const long = await yard.submit({ ...inContainer('echo started; sleep 600'), max_restarts: 0 });
      await running(yard, long, 1);
      await dockerd.end(signal);
      await yard.engine.waitFor(
        'it is told',
        ({ notices }) =>
          notices.some(
            ({ id, text, remedy }) => id === 'docker_down' && text.includes('does not answer') && remedy !== null,
          ),
        BACK_DEADLINE_MS,
      );
      expect(await refusal(yard.submit(inContainer('true')))).toMatchObject({
        code: 'runtime_unavailable',
        remedy: expect.stringContaining('Start Docker'),
      });
      // What needs no Docker runs meanwhile; what was asked of the trial meanwhile is kept.
      const plain = await yard.submit({ entrypoint: 'true' });
      expect(await yard.outcomeOf(plain)).toMatchObject({ kind: 'completed' });
      await yard.engine.api.act({ action: 'priority', trialIds: [long], priority: 7 });
      await dockerd.start();
      await yard.engine.waitFor(
        'it answers again',
        ({ notices }) => notices.every(({ id }) => id !== 'docker_down'),
        BACK_DEADLINE_MS,
      );
      const after = await yard.submit(inContainer('true'));
      expect(await yard.outcomeOf(after, BACK_DEADLINE_MS)).toMatchObject({ kind: 'completed' });
      // The row still says "running" until somebody has looked at the container: the container is what counts.
      const runningContainers = async (): Promise<number> => (await dockerd.api.listContainers()).length;
      await waitUntil(
        'it runs again, alone',
        async () => (await runningContainers()) === 1 && (await yard.engine.api.trial(long)).trial.state === 'running',
        BACK_DEADLINE_MS,
      );
      const { trial, attempts } = await yard.engine.api.trial(long);
      expect(trial).toMatchObject({ restarts: 0, priority: 7 });
      // One that ended before anybody knew that the daemon was going was started again, in vain.
      const before = attempts
        .slice(0, -1)
        .map(({ end, message }) => end === 'lost' || `${end ?? 'running'}: ${message ?? ''}`);
      expect(before.filter((end) => end !== true && !/^launch_failed: .*(Docker|socket|connect)/.test(end))).toEqual(
        [],
      );
      expect(await runningContainers()).toBe(1);
      await yard.engine.api.act({ action: 'kill', trialIds: [long] });
      expect(await yard.outcomeOf(long)).toMatchObject({ kind: 'canceled' });
    },
  );

  test(
    'engine and daemon both die: the next engine finds its trial ended or gone and queues it again',
    { timeout: 120_000 },
    async () => {
      const yard = await openDockerYard();
      const id = await yard.submit(inContainer('sleep 600'));
      await running(yard, id, 1);
      await yard.engine.kill9();
      await dockerd.end('SIGTERM');
      await yard.engine.restart();
      // Where the daemon left its end behind, that can be read without it.
      const { trial } = await yard.engine.api.trial(id);
      expect(['running 1', 'queued 1']).toContain(`${trial.state} ${trial.attempt}`);
      await dockerd.start();
      await running(yard, id, 2, BACK_DEADLINE_MS);
      expect((await yard.engine.api.trial(id)).trial.restarts).toBe(0);
      await yard.engine.api.act({ action: 'kill', trialIds: [id] });
      expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'canceled' });
      expect(await dockerd.api.listContainers()).toEqual([]);
    },
  );
});
