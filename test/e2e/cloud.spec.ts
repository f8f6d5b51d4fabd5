/** The Cloud place: an account of a simulated cloud, a pool of its machines, a trial that runs on one, and the machine verified gone. */
import { SIM_KEY, startSimCloud } from '../support/cloud/sim-cloud.ts';
import { expect, test } from './app.ts';

test('an account is added and refused with its reason; a trial runs on a machine made for it, which is seen to be gone', async ({
  app: { page, screen, engine, tolerate },
}) => {
  test.setTimeout(180_000);
  const cloud = await startSimCloud({ runs: true, bootMs: 100, endMs: 100 });
  try {
    await screen.goTo('Cloud');
    await expect(page.getByText('No machine runs. Nothing costs.')).toBeVisible();
    await page.getByRole('button', { name: 'Account…' }).click();
    await screen.dialog.getByLabel('Name').fill('lab');
    await screen.dialog.getByLabel('Access key ID').fill(SIM_KEY.accessKeyId);
    await screen.dialog.getByLabel('Secret access key').fill('short');
    await screen.dialog.getByLabel('Simulated cloud').fill(cloud.endpoint);
    tolerate(/status of 400.*\/cloud\/accounts/);
    await screen.dialog.getByRole('button', { name: 'Add account' }).click();
    await expect(screen.dialog.getByRole('alert')).toContainText('secret access key');
    await expect(screen.dialog.getByLabel('Access key ID')).toHaveValue(SIM_KEY.accessKeyId);
    await screen.dialog.getByLabel('Secret access key').fill(SIM_KEY.secretAccessKey);
    await screen.dialog.getByRole('button', { name: 'Add account' }).click();
    const accounts = page.getByRole('region', { name: 'Accounts' });
    await expect(accounts).toContainText('can be used');
    await expect(accounts).toContainText('simulated, costs nothing');
    expect(await page.content()).not.toContain(SIM_KEY.secretAccessKey);

    await screen.goTo('Queue');
    await page.getByRole('button', { name: 'Add a pool' }).click();
    await page.getByRole('menuitem', { name: /^A pool in the cloud/ }).click();
    await expect(screen.dialog).toContainText('lab');
    await screen.dialog.getByLabel('Name').fill('Frankfurt');
    await screen.dialog.getByLabel('Regions').fill('eu-central-1');
    await page.keyboard.press('Enter');
    await screen.dialog.getByLabel('Machine type').fill('m7i.large');
    await page.keyboard.press('Tab');
    await screen.dialog.getByLabel('Time limit').fill('1');
    await screen.dialog.getByRole('button', { name: 'Look at it' }).click();
    await expect(screen.dialog.getByRole('status')).toBeVisible();
    await screen.dialog.getByRole('button', { name: 'Add pool' }).click();
    await expect(screen.toast(/Frankfurt/)).toBeVisible();
    await screen.pool('Frankfurt').getByRole('button').first().click();
    const id = await screen.submit({ command: 'sh -c "echo made there"', name: 'traveller' });
    await expect(page.getByRole('button', { name: /^1 rented machine, \$/ })).toBeVisible({ timeout: 60_000 });
    await engine.waitFor(
      'it has ended there',
      ({ trials }) => trials.get(id)?.poolId === 'frankfurt' && trials.get(id)?.outcome?.kind === 'completed',
      120_000,
    );
    await screen.inspect(id);
    await expect(screen.log).toContainText('made there');

    await screen.goTo('Cloud');
    const gone = page.getByRole('region', { name: 'Ended machines' });
    await expect(gone.getByRole('row')).toHaveCount(2, { timeout: 60_000 });
    await expect(gone).toContainText('all verified gone');
    await expect(page.getByRole('button', { name: /rented machine/ })).toBeHidden();
    await page.getByRole('button', { name: 'Scan for leftovers' }).click();
    await expect(page.getByText('No leftovers.')).toBeVisible();
    tolerate(/status of 409.*\/cloud\/accounts/);
    await page.getByRole('button', { name: 'Remove lab' }).click();
    await expect(screen.toast(/uses lab/)).toBeVisible();
    expect(cloud.ec2.instances.map(({ state }) => state)).toEqual(['terminated']);
  } finally {
    await cloud.close();
  }
});
