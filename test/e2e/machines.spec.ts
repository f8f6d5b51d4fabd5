/** A machine over SSH: looked at, added, a trial dropped on it, its results at home. */
import { sshdObstacle } from '../support/sshd.ts';
import { expect, test } from './app.ts';
import { dragTo } from './support/mouse.ts';

test.use({
  machine: {
    gpus: [{ name: 'NVIDIA GeForce RTX 3060' }],
    other: [{ name: 'NVIDIA GeForce RTX 4090' }, { name: 'NVIDIA GeForce RTX 4090' }],
  },
});
test.skip(() => sshdObstacle() !== null, 'no private sshd can be started here');

test('a machine over SSH is looked at and added; a trial dropped on it runs there and its results come home', async ({
  app: { page, screen, engine, tolerate },
}) => {
  await page.getByRole('button', { name: 'Add a pool' }).click();
  await page.getByRole('menuitem', { name: /^A machine over SSH/ }).click();

  await screen.dialog.getByLabel('Host').fill('nobody-there');
  await screen.dialog.getByRole('button', { name: 'Look at it' }).click();
  await expect(screen.dialog.getByRole('status')).toContainText('nobody-there');
  await expect(screen.dialog.getByLabel('in the way').first()).toBeVisible();
  tolerate(/409 \(Conflict\).*\/pools/);
  await screen.dialog.getByRole('button', { name: 'Add machine' }).click();
  await expect(screen.dialog.getByRole('alert')).toBeVisible();
  await expect(screen.dialog.getByLabel('Host')).toHaveValue('nobody-there');

  await screen.dialog.getByLabel('Host').fill('gpu-box');
  await expect(screen.dialog.getByRole('status')).toBeHidden();
  await expect(screen.dialog.getByRole('alert')).toBeHidden();
  await screen.dialog.getByRole('button', { name: 'Look at it' }).click();
  await expect(screen.dialog.getByRole('status')).toContainText('2 GPUs');
  await screen.dialog.getByLabel('Name').fill('Lab');
  await screen.dialog.getByRole('button', { name: 'Add machine' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Lab');
  await expect(screen.pool('Lab')).toContainText('0 / 2');
  await expect(page.getByRole('region', { name: 'GPUs of gpu-box' }).getByRole('article')).toHaveCount(2);

  await screen.pool('This workstation').getByRole('button').first().click();
  await screen.poolMenu('This workstation', /^Pause pool/);
  const id = await screen.submit({
    command: 'sh -c "echo made there | tee $SWITCHYARD_OUTPUT_DIR/made.txt"',
    name: 'traveller',
    slots: 1,
  });
  await expect(screen.row(id)).toHaveClass(/row-queued/);
  await screen.row(id).locator('.name').click();
  await screen.row(id).press('m');
  await expect(screen.dialog.getByRole('radio', { name: /^Lab.*no cost/ })).toBeEnabled();
  await expect(screen.dialog.getByRole('radio', { name: /^This workstation/ })).toBeDisabled();
  await screen.dialog.getByRole('radio', { name: /^Lab/ }).check();
  await expect(screen.dialog.getByRole('button', { name: 'Move trial' })).toBeEnabled();
  await page.keyboard.press('Escape');

  await dragTo(page, screen.grip(id), screen.pool('Lab'));
  await expect(screen.pool('Lab')).toContainText('moves to Lab');
  await page.mouse.up();

  await engine.waitFor('it has ended there', ({ trials }) => trials.get(id)?.outcome?.kind === 'completed', 60_000);
  await screen.pool('Lab').getByRole('button').first().click();
  await screen.inspect(id);
  await expect(screen.log).toContainText('made there');
});
