/** What people meet in the course of a day: long names, mistakes at a form, an engine that restarts, a desktop on a GPU. */
import type { Locator } from '@playwright/test';
import { wouldLoseMs } from '../../electron/text/lost-work.ts';
import { expect, test, type App } from './app.ts';
import { ENGINE_GONE, REFUSED_REQUEST } from './support/faults.ts';

const GPUS = [{ name: 'NVIDIA GeForce RTX 4090', utilizationPct: 97, temperatureC: 71, usedMiB: 12 }];

async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('not on the screen');
  return box;
}

async function overlap(one: Locator, other: Locator): Promise<boolean> {
  const [a, b] = [await boxOf(one), await boxOf(other)];
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Queues a CPU trial that waits because its pool is paused. */
async function queue({ engine, project }: App, config: Record<string, unknown>): Promise<number> {
  const { trialIds } = await engine.api.submit({
    config: { entrypoint: './train.sh', runtime: 'process', resources: { slots: 0 }, ...config },
    source: { kind: 'directory', path: project },
  });
  return trialIds[0] ?? 0;
}

test.describe('rows', () => {
  test('runs that differ in a seed show the seed, and a long name leaves its label in sight', async ({ app }) => {
    await app.engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
    const name = 'segmentation-transformer-large-with-augmentation-and-warmup-of-the-learning-rate';
    const ids: number[] = [];
    for (const seed of [1, 2])
      ids.push(
        await queue(app, { name, labels: ['baseline'], hyperparameters: { lr: 0.003, weight_decay: 0.05, seed } }),
      );
    const [first = 0, second = 0] = ids;
    await app.page.setViewportSize({ width: 1280, height: 720 });
    await app.screen.inspect(first);
    for (const [id, seed] of [
      [first, 1],
      [second, 2],
    ] as const) {
      await expect(app.screen.row(id).locator('.params')).toHaveText(`seed=${seed} lr=0.003 weight_decay=0.05`);
      await expect(app.screen.row(id).locator('.params')).toBeVisible();
      const label = await boxOf(app.screen.row(id).getByText('baseline', { exact: true }));
      const cell = await boxOf(app.screen.row(id).locator('.name'));
      expect(label.x + label.width, 'the label ends inside its cell').toBeLessThanOrEqual(cell.x + cell.width);
      expect(label.y, 'the label is on the first line').toBeLessThan(cell.y + cell.height);
    }
  });

  test('what was done is told where no row is, and once', async ({ app }) => {
    const { page, screen } = app;
    await app.engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
    for (let index = 0; index < 20; index += 1) await queue(app, { name: `run ${index}` });
    await screen.inspect(1);
    for (const at of [1, 2, 3]) {
      await screen.row(at).locator('.name').click();
      await page.keyboard.press('Alt+End');
      await expect(screen.toast(/moved/i)).toHaveCount(1);
    }
    const toast = await boxOf(screen.toast(/moved/i));
    const grid = await boxOf(screen.queue);
    expect(toast.x + toast.width, 'beside the rows').toBeLessThanOrEqual(grid.x);
  });

  test('the archive is offered when there is one, and its rows say what they are', async ({ app }) => {
    const { page, screen } = app;
    const id = await screen.submit({ directory: app.project, command: './train.sh', slots: 0, env: 'STEPS=2' });
    await expect(screen.row(id)).toHaveClass(/row-finished/);
    const search = page.getByPlaceholder('Search trials or run a command');
    await page.keyboard.press('Control+k');
    await search.fill('archived');
    await expect(page.getByText('Nothing found')).toBeVisible();
    await page.keyboard.press('Escape');
    await app.engine.api.act({ action: 'archive', trialIds: [id] });
    await page.getByRole('button', { name: 'Show 1 archived' }).click();
    await expect(screen.row(id)).toContainText('archived');
  });
});

test('plots: values of two runs under the pointer, over time, and smooth', async ({ app }) => {
  const { page, screen, engine, project } = app;
  const submit = (name: string): Promise<number> =>
    screen.submit({ directory: project, command: './train.sh', name, slots: 0, env: 'STEPS=30' });
  const first = await submit('first');
  const second = await submit('second');
  await engine.waitFor('both are done', ({ trials }) =>
    [first, second].every((id) => trials.get(id)?.state === 'done'),
  );
  await screen.inspect(first);
  await screen
    .row(second)
    .locator('.name')
    .click({ modifiers: ['Control'] });
  await screen.tab('Metrics').click();
  await page.getByRole('button', { name: 'Enlarge train/loss' }).click();
  const plot = screen.dialog.getByRole('img', { name: /^train\/loss/ });
  const hover = async (): Promise<void> => {
    const box = await boxOf(plot);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  };
  await hover();
  const values = screen.dialog.locator('.plot-values li');
  await expect(values).toHaveCount(2);
  await expect(values.first()).toHaveText(new RegExp(`^#${first}[0-9.]+$`));
  await expect(screen.dialog.locator('.plot-readout')).toContainText('step');
  await screen.dialog.getByRole('button', { name: 'Over time' }).click();
  await screen.dialog.getByLabel('Smoothing').selectOption({ label: 'Smoothed' });
  await hover();
  await expect(screen.dialog.locator('.plot-readout')).toContainText(/^after \d/);
  await expect(values.first()).toContainText('smoothed');
});

test.describe('a GPU in use by its desktop', () => {
  test.use({ machine: { gpus: GPUS } });

  test('one click lets trials on it, from the card and from the reason; the menu covers no figure', async ({ app }) => {
    const { page, screen, gpus, engine, project } = app;
    const [gpu = ''] = gpus.uuids;
    gpus.addForeign(gpu, { pid: 812, name: '/usr/bin/compositor', usedMiB: 900 });
    await expect(screen.gpu(0)).toContainText('not ours');
    const id = await screen.submit({ directory: project, command: './train.sh', slots: 1, env: 'STEPS=3' });
    await expect(screen.row(id)).toHaveClass(/row-queued/);

    await screen.gpu(0).hover();
    const menu = screen.gpu(0).getByRole('button', { name: 'Actions for GPU 0' });
    expect(await overlap(menu, screen.gpu(0).getByText('71°'))).toBe(false);
    await expect(screen.gpu(0).getByRole('button', { name: /^Start trials on it/ })).toBeVisible();

    await screen.inspect(id);
    await screen.inspector.getByRole('button', { name: /^Let others have/ }).click();
    await expect(screen.row(id)).toHaveClass(/row-finished/, { timeout: 20_000 });
    await expect(screen.gpu(0).getByRole('button', { name: /^Start trials on it/ })).toHaveCount(0);
    const [pool] = (await engine.api.state()).pools;
    expect(pool?.settings.foreignThresholdMiB).toBeGreaterThanOrEqual(900);
    await expect(page.getByRole('alert')).toHaveCount(0);
  });
});

test('a log with loss and acc offers them, and one click draws them', async ({ app: { page, screen } }) => {
  const command = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "epoch $i loss=0.$i acc=0.9$i"; done';
  const id = await screen.submit({ command, name: 'prints', slots: 0 });
  await expect(screen.row(id)).toHaveClass(/row-finished/);
  await expect(screen.inspector).toContainText(/This log has (acc|loss)/);
  await screen.inspector.getByRole('button', { name: 'Take as metrics' }).click();
  await expect(screen.inspector).toContainText('Metrics are read from this log');
  await expect(page.getByRole('img', { name: /^loss: last/ })).toBeVisible();
});

test.describe('a run that never saved', () => {
  test.use({ machine: { gpus: GPUS } });

  test('P asks, says how much would be lost and what is kept; frozen it loses nothing', async ({ app }) => {
    test.setTimeout(150_000);
    const { page, screen, engine } = app;
    const id = await screen.submit({
      command: 'trap "exit 0" TERM; while :; do sleep 0.1; done',
      name: 'ten-hours',
      slots: 1,
    });
    await expect(screen.row(id)).toHaveClass(/row-running/);
    // A minute of work is the least that is asked about.
    await expect
      .poll(async () => wouldLoseMs((await engine.api.trial(id)).trial, 'pause', Date.now()), { timeout: 90_000 })
      .toBeGreaterThan(0);
    await screen.row(id).locator('.name').click();
    await page.keyboard.press('p');
    await expect(screen.dialog).toContainText(/loses 1 min.* of work: it has never saved/);
    await expect(screen.dialog).toContainText('The working directory is kept');
    await screen.dialog.getByRole('button', { name: 'Back' }).click();
    await expect(screen.dialog).toBeHidden();
    await expect(screen.row(id)).toHaveClass(/row-running/);
    await screen.row(id).locator('.name').click();
    await page.keyboard.press('p');
    await screen.dialog.getByRole('button', { name: 'Freeze instead' }).click();
    await expect(screen.row(id)).toContainText('frozen');
    await screen.row(id).locator('.name').click();
    await page.keyboard.press('p');
    await screen.dialog.getByRole('button', { name: 'Pause trial' }).click();
    await expect(screen.row(id)).toHaveClass(/row-paused/);
  });
});

test.describe('mistakes and interruptions', () => {
  test.use({ machine: { gpus: GPUS } });

  test('a field loses its mark when it is corrected', async ({ app: { screen, tolerate, project } }) => {
    tolerate(REFUSED_REQUEST);
    await screen.openSubmit();
    await screen.fillSubmit({ directory: project, command: './train.sh', slots: 3 });
    await screen.dialog.getByRole('button', { name: 'Submit' }).click();
    const slots = screen.dialog.getByLabel('Slots (GPUs)');
    await expect(slots).toHaveAttribute('aria-invalid', 'true');
    await screen.dialog.getByLabel('Name', { exact: true }).fill('another field');
    await expect(slots).toHaveAttribute('aria-invalid', 'true');
    await slots.fill('1');
    await expect(slots).not.toHaveAttribute('aria-invalid', 'true');
    await expect(screen.dialog.getByRole('alert')).toHaveCount(0);
  });

  test('what failed while the engine was away is no longer said when it is back', async ({ app }) => {
    const { page, screen, engine, restart, tolerate, project } = app;
    const first = await screen.submit({ directory: project, command: './train.sh', slots: 0, env: 'STEPS=2' });
    await expect(screen.row(first)).toHaveClass(/row-finished/);
    tolerate(ENGINE_GONE);
    await engine.kill9();
    await expect(page.getByRole('alert').filter({ hasText: 'The engine cannot be reached' })).toBeVisible();
    await screen.inspector.getByRole('button', { name: 'Archive' }).click();
    await expect(screen.toast('The engine did not answer')).toBeVisible();
    await screen.openSubmit();
    await screen.fillSubmit({ directory: project, command: './train.sh' });
    await screen.dialog.getByRole('button', { name: 'Submit' }).click();
    await expect(screen.dialog.getByRole('alert')).toContainText('did not answer');
    await restart();
    await expect(page.getByRole('alert').filter({ hasText: 'The engine cannot be reached' })).toBeHidden({
      timeout: 20_000,
    });
    await expect(page.getByText('did not answer')).toHaveCount(0);
    await expect(screen.dialog.getByLabel('Command', { exact: true })).toHaveValue('./train.sh');
  });

  test('a checkpoint and the outputs say where they are, and the path can be copied', async ({ app }) => {
    const { page, screen, engine, project } = app;
    const id = await screen.submit({ directory: project, command: './train.sh', slots: 0, env: 'STEPS=100000' });
    await expect(screen.log).toContainText('step 3 of');
    await screen.inspector.getByRole('button', { name: 'Pause' }).click();
    await expect(screen.row(id)).toHaveClass(/row-paused/);
    const { checkpoints, outputDir } = await engine.api.trial(id);
    const path = checkpoints.at(-1)?.path ?? '';
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: app.origin });
    await screen.tab('Checkpoints').click();
    await expect(screen.inspector).toContainText(path);
    await screen.inspector
      .getByRole('button', { name: /^Copy the path of the checkpoint/ })
      .first()
      .click();
    await expect(screen.announcement).toContainText('Copied: path of the checkpoint');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(path);
    await screen.tab('Configuration').click();
    await expect(screen.inspector).toContainText(outputDir ?? 'nowhere');
  });
});
