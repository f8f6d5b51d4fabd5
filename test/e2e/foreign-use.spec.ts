/** A foreign process takes a GPU, the queue waits and says why, it leaves, the queue goes on. */
import { expect, test, type App } from './app.ts';
import { BUSYBOX_IMAGE, dockerdObstacle } from './support/containers.ts';
import type { SubmitFields } from './support/screen.ts';

const JUPYTER = { pid: 4312, name: '/opt/conda/bin/jupyter', usedMiB: 11_000 };

const GPUS = [{ name: 'NVIDIA GeForce RTX 4090' }];

async function runFlow({ page, screen, gpus, project, engine }: App, how: Partial<SubmitFields>): Promise<void> {
  const [gpu = ''] = gpus.uuids;
  await expect(screen.gpu(0)).toContainText('free');
  gpus.addForeign(gpu, JUPYTER);
  await expect(screen.gpu(0)).toContainText('jupyter');
  await expect(screen.gpu(0)).toContainText('not ours');
  await expect(page.getByRole('img', { name: /% by others/ })).toBeVisible();

  const id = await screen.submit({
    directory: project,
    command: './train.sh',
    name: 'patient',
    slots: 1,
    env: 'STEPS=5',
    ...how,
  });
  await expect(screen.row(id)).toHaveClass(/row-queued/);
  await expect(screen.row(id)).toContainText(/jupyter/);
  await screen.inspect(id);
  // The facts: how much, by whom.
  await expect(screen.inspector).toContainText(/jupyter.*4312|4312.*jupyter/);
  await expect(screen.inspector).toContainText('10.8 GiB');
  expect((await engine.api.trial(id)).attempts).toHaveLength(0);

  gpus.removeForeign(JUPYTER.pid);
  await expect(screen.row(id)).toHaveClass(/row-finished/, { timeout: 20_000 });
  await expect(screen.row(id)).toContainText('completed');
  await expect(screen.gpu(0)).toContainText('free');
}

test.describe('with processes', () => {
  test.use({ machine: { gpus: GPUS } });
  test('the queue waits for a foreign process, says why, and goes on when it leaves', async ({ app }) => {
    await runFlow(app, {});
  });

  test('a GPU falls off the bus, nvidia-smi hangs, and both come back', async ({
    app: { page, screen, gpus, project },
  }) => {
    const [gpu = ''] = gpus.uuids;
    await expect(screen.gpu(0)).toContainText('free');
    gpus.lose(gpu);
    await expect(page.getByRole('article').filter({ hasText: /lost|fell|bus|not usable/i })).toBeVisible();
    const id = await screen.submit({ directory: project, command: './train.sh', slots: 1, env: 'STEPS=3' });
    await expect(screen.row(id)).toHaveClass(/row-queued/);
    gpus.recover();
    await expect(screen.row(id)).toHaveClass(/row-finished/, { timeout: 20_000 });

    gpus.hang();
    await expect(page.getByRole('status').filter({ hasText: 'nvidia-smi' }).first()).toBeVisible({ timeout: 30_000 });
    gpus.recover();
    await expect(page.getByRole('status').filter({ hasText: 'nvidia-smi' }).first()).toBeHidden({ timeout: 20_000 });
  });
});

test.describe('with containers', () => {
  const obstacle = dockerdObstacle();
  test.skip(obstacle !== null, obstacle ?? '');
  test.use({ machine: { gpus: GPUS, docker: true } });
  test('the queue waits for a foreign process, says why, and goes on when it leaves', async ({ app }) => {
    test.setTimeout(180_000);
    await runFlow(app, { runtime: 'Docker', image: BUSYBOX_IMAGE });
    expect((await app.engine.api.trial(1)).attempts).toMatchObject([
      { runtime: 'docker', exitCode: 0, slots: [app.gpus.uuids[0]] },
    ]);
  });
});
