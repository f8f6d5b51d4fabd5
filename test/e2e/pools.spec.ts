/** Pools: split off GPUs, drop a trial on one, pause, resume, drain, hours, keep a GPU back. */
import { expect, test } from './app.ts';
import { dragTo } from './support/mouse.ts';

test.use({ machine: { gpus: [{ name: 'NVIDIA GeForce RTX 4090' }, { name: 'NVIDIA GeForce RTX 4090' }] } });

test('a pool from one GPU takes a trial that is dropped on it and runs it there', async ({
  app: { page, screen, engine, gpus },
}) => {
  await screen.poolMenu('This workstation', /^Pause pool/);
  await expect(page.getByRole('heading', { level: 1, name: 'This workstation' }).locator('..')).toContainText('paused');

  await page.getByRole('button', { name: 'Add a pool' }).click();
  await page.getByRole('menuitem', { name: /^Some of the GPUs/ }).click();
  await screen.dialog.getByLabel('Name').fill('Night only');
  await screen.dialog.getByLabel(/^GPU 1 /).check();
  await screen.dialog.getByRole('button', { name: 'Create pool' }).click();
  await expect(screen.pool('Night only')).toContainText('0 / 1');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Night only');
  const night = (await engine.api.state()).pools.find((pool) => pool.name === 'Night only');
  expect(night?.gpuUuids).toEqual([gpus.uuids[1]]);

  await screen.pool('This workstation').getByRole('button').first().click();
  const id = await screen.submit({ command: 'sleep 600', name: 'traveller', slots: 1 });
  await expect(screen.row(id)).toHaveClass(/row-queued/);

  await dragTo(page, screen.grip(id), screen.pool('Night only'));
  await expect(screen.pool('Night only')).toHaveClass(/drop-target/);
  await expect(screen.pool('Night only')).toContainText('moves to Night only');
  await page.mouse.up();
  await expect(screen.row(id)).toBeHidden();
  await expect(screen.pool('Night only')).toContainText('1 running');
  await screen.pool('Night only').getByRole('button').first().click();
  await expect(screen.row(id)).toHaveClass(/row-running/);
  await expect(screen.row(id)).toContainText('GPU 1');
  await expect(screen.gpu(1)).toContainText('#1');

  // Draining: what runs goes on, nothing new starts, and then it is paused.
  await screen.poolMenu('Night only', /^Drain/);
  await expect(screen.pool('Night only')).toContainText('draining');
  const late = await screen.submit({ command: 'sleep 600', name: 'late', slots: 1 });
  await expect(screen.row(late)).toHaveClass(/row-queued/);
  await expect(screen.row(late)).toContainText(/drain|paused/i);
  await screen.row(id).locator('.name').click({ button: 'right' });
  await screen.menuItem(/^Kill/).click();
  await screen.dialog.getByRole('button', { name: /kill/i }).click();
  await expect(screen.pool('Night only')).toContainText('paused');
  await expect(screen.row(late)).toHaveClass(/row-queued/);
  await page.getByRole('switch', { name: 'Night only takes trials' }).click({ force: true });
  await expect(screen.row(late)).toHaveClass(/row-running/);

  // A pool with trials is not deleted behind their back.
  await screen.poolMenu('Night only', /^Delete pool/);
  await expect(screen.dialog).toBeVisible();
  await page.keyboard.press('Escape');
});

test('hours keep a pool shut and say when it opens; bad hours are refused and nothing typed is lost', async ({
  app: { screen, engine, tolerate },
}) => {
  tolerate(/Failed to load resource: the server responded with a status of 4/);
  const now = new Date();
  const hour = (offset: number): string => `${String((now.getHours() + offset + 24) % 24).padStart(2, '0')}:00`;
  await screen.poolMenu('This workstation', /^Pool settings/);
  await screen.dialog.getByLabel('Opening hours').click({ force: true });
  await screen.dialog.getByLabel('Opens').fill('half past nine');
  await screen.dialog.getByLabel('Closes').fill(hour(-1));
  await screen.dialog.getByRole('button', { name: 'Save settings' }).click();
  await expect(screen.dialog.getByRole('alert')).toContainText(/HH:MM/);
  await expect(screen.dialog.getByLabel('Opens')).toHaveValue('half past nine');
  await screen.dialog.getByLabel('Opens').fill(hour(2));
  await screen.dialog.getByRole('button', { name: 'Save settings' }).click();
  await expect(screen.dialog).toBeHidden();

  const id = await screen.submit({ command: 'true', slots: 1 });
  await expect(screen.row(id)).toContainText(hour(2));
  expect((await engine.api.trial(id)).trial.state).toBe('queued');
  await screen.poolMenu('This workstation', /^Pool settings/);
  await screen.dialog.getByLabel('Opening hours').click({ force: true });
  await screen.dialog.getByRole('button', { name: 'Save settings' }).click();
  await expect(screen.row(id)).toHaveClass(/row-finished/);
});

test('a GPU that is kept back is left alone until it is given back', async ({ app: { page, screen } }) => {
  await page.getByRole('button', { name: 'Actions for GPU 0' }).click();
  await screen.menuItem('Leave GPU 0 to me').click();
  await expect(screen.gpu(0)).toContainText('kept back for you');
  const id = await screen.submit({ command: 'sleep 600', slots: 1 });
  await expect(screen.row(id)).toContainText('GPU 1');
  const second = await screen.submit({ command: 'sleep 600', slots: 1 });
  await expect(screen.row(second)).toContainText(/GPU 0.*kept|kept.*GPU 0|GPU 0 is left/i);
  await page.getByRole('button', { name: 'Actions for GPU 0' }).click();
  await screen.menuItem('Give GPU 0 back to the queue').click();
  await expect(screen.row(second)).toHaveClass(/row-running/);
});
