/** Submit three, drag the last to the top, pause one that saves a checkpoint, kill -9 the engine, start again, resume, see it finish. */
import { expect, test, type App } from './app.ts';
import { BUSYBOX_IMAGE, dockerdObstacle } from './support/containers.ts';
import { ENGINE_GONE } from './support/faults.ts';
import { dragOver } from './support/mouse.ts';
import type { SubmitFields } from './support/screen.ts';

/** Long enough to be paused, killed over and resumed; short enough to see it end. */
const STEPS = 250;

async function runFlow(
  { page, screen, engine, project, restart, tolerate }: App,
  how: Partial<SubmitFields>,
): Promise<void> {
  const submit = (name: string, steps: number): Promise<number> =>
    screen.submit({ directory: project, command: './train.sh', name, env: `STEPS=${steps}`, ...how });
  const first = await submit('first', STEPS);
  const second = await submit('second', 5);
  const third = await submit('third', 400);
  await expect(screen.row(first)).toHaveClass(/row-running/);
  await expect.poll(() => screen.order('queued')).toEqual([second, third]);
  // Before and after the first has said how far it is.
  await expect(screen.row(second)).toContainText(new RegExp(`GPU 0 runs #${first}|next: GPU 0 in`));

  await dragOver(page, screen.grip(third), screen.row(second));
  await expect.poll(() => screen.order('queued')).toEqual([third, second]);
  await expect(screen.toast(/moved/i)).toBeVisible();

  await screen.inspect(first);
  await expect(screen.log).toContainText('step 3 of');
  await screen.inspector.getByRole('button', { name: 'Pause' }).click();
  await expect(screen.row(first)).toHaveClass(/row-paused/);
  await expect(screen.row(first)).toContainText(/saved at step \d+/);
  const savedStep = Number(/saved at step (\d+)/.exec((await screen.row(first).textContent()) ?? '')?.[1]);
  // Its GPU went to the one that was dragged to the top.
  await expect(screen.row(third).getByRole('progressbar')).toBeVisible();

  tolerate(ENGINE_GONE);
  await engine.kill9();
  await expect(page.getByRole('alert').filter({ hasText: 'The engine cannot be reached' })).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText('Engine not reachable');
  await expect(screen.row(third)).toBeVisible();

  await restart();
  await expect(page.getByRole('alert').filter({ hasText: 'The engine cannot be reached' })).toBeHidden({
    timeout: 20_000,
  });
  await expect(screen.row(third)).toHaveClass(/row-running/);
  await expect(screen.row(first)).toHaveClass(/row-paused/);
  expect((await engine.api.trial(third)).attempts, 'the running trial was adopted, not started again').toHaveLength(1);

  await screen.inspect(first);
  await screen.inspector.getByRole('button', { name: 'Resume' }).click();
  await expect(screen.row(first)).toHaveClass(/row-queued/);
  await screen.inspect(third);
  await screen.inspector.getByRole('button', { name: 'Cancel' }).click();
  await screen.dialog.getByRole('button', { name: /cancel/i }).click();

  await expect(screen.row(third)).toHaveClass(/row-finished/);
  await expect(screen.row(second)).toHaveClass(/row-finished/, { timeout: 20_000 });
  await expect(screen.row(first)).toHaveClass(/row-finished/, { timeout: 30_000 });
  await expect(screen.row(first)).toContainText('completed');
  await screen.inspect(first);
  await expect(screen.log).toContainText(`trained ${STEPS} steps`);
  expect(await engine.api.log(first, 2)).toContain(`going on at step ${savedStep}`);
  await screen.tab('History').click();
  await expect(page.getByRole('table').getByRole('row', { name: /^1.*paused/ })).toBeVisible();
  await expect(page.getByRole('table').getByRole('row', { name: /^2.*exit/ })).toBeVisible();
}

test.describe('with processes', () => {
  test.use({ machine: { gpus: [{}] } });
  test('submit three, drag, pause, kill -9, start again, resume, finish', async ({ app }) => {
    await runFlow(app, { slots: 1 });
  });
});

test.describe('with containers', () => {
  const obstacle = dockerdObstacle();
  test.skip(obstacle !== null, obstacle ?? '');
  test.use({ machine: { gpus: [{}], docker: true } });
  test('submit three, drag, pause, kill -9, start again, resume, finish', async ({ app, containers }) => {
    // Starting the daemon and importing its images are part of the first test that needs them.
    test.setTimeout(180_000);
    await runFlow(app, { slots: 1, runtime: 'Docker', image: BUSYBOX_IMAGE });
    const left = await (await containers.daemon()).api.listContainers();
    expect(left, 'no container runs on').toEqual([]);
  });
});
