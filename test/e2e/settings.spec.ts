/** Settings are saved at once and outlive the page; the doctor says what it found. */
import { expect, test } from './app.ts';

test('theme, numbers and switches are saved at once, here and in the engine', async ({
  app: { page, screen, engine },
}) => {
  await screen.goTo('Settings');
  const scheme = page.locator('html');
  for (const [label, value] of [
    ['Dark', 'dark'],
    ['Light', 'light'],
  ] as const) {
    await page.getByRole('radiogroup', { name: 'Theme' }).getByText(label, { exact: true }).click();
    await expect(scheme).toHaveAttribute('data-mantine-color-scheme', value);
    await expect.poll(async () => (await engine.api.state()).settings.theme).toBe(value);
  }
  await page.getByLabel('When a trial finishes').click({ force: true });
  await page.getByLabel(/^Largest snapshot/).fill('250');
  await page.getByLabel(/^Largest snapshot/).press('Enter');
  await expect
    .poll(async () => (await engine.api.state()).settings)
    .toMatchObject({ snapshotLimitMiB: 250, notifyOnFinish: false });
  // Nonsense is put back, not saved.
  await page.getByLabel(/^Log kept per attempt/).fill('0');
  await page.getByLabel(/^Log kept per attempt/).press('Enter');
  await expect(page.getByLabel(/^Log kept per attempt/)).toHaveValue('256');

  await page.reload();
  await screen.goTo('Settings');
  await expect(page.getByLabel(/^Largest snapshot/)).toHaveValue('250');
  await expect(page.getByLabel('When a trial finishes')).not.toBeChecked();
});

test('a change made elsewhere shows by itself', async ({ app: { page, engine } }) => {
  await engine.api.call('PATCH', '/settings', { theme: 'dark' });
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
});

test('the doctor names what it found and the remedy', async ({ app: { page, screen } }) => {
  await page.getByRole('button', { name: /Run the doctor/ }).click();
  const doctor = page.getByRole('region', { name: 'Doctor' });
  await expect(doctor.getByRole('listitem').filter({ hasText: 'nvidia-smi' })).toBeVisible({ timeout: 20_000 });
  await expect(
    doctor
      .getByRole('listitem')
      .filter({ hasText: /docker/i })
      .first(),
  ).toBeVisible();
  await expect(doctor.getByRole('listitem').filter({ hasText: 'git' }).first()).toBeVisible();
  await doctor.getByRole('button', { name: 'Look again' }).click();
  await expect(doctor.getByRole('listitem').first()).toBeVisible();
  await screen.goTo('Queue');
});

test('a place for messages is added, tested and removed; what does not work says why', async ({
  app: { page, screen, engine },
}) => {
  await screen.goTo('Settings');
  const messages = page.getByRole('region', { name: 'Messages' });
  const add = async (name: string, command: string): Promise<void> => {
    await messages.getByRole('button', { name: 'Add a place…' }).click();
    await screen.dialog.getByLabel('Name', { exact: true }).fill(name);
    await screen.dialog.getByLabel('Kind').selectOption({ label: 'Command' });
    await screen.dialog.getByLabel('Command', { exact: true }).fill(command);
    await screen.dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(screen.dialog).toBeHidden();
    await expect(messages).toContainText(name);
  };
  await add('works', 'cat > /dev/null');
  await messages.getByRole('button', { name: 'Test works' }).click();
  await expect(screen.toast('works:')).toBeVisible();
  await add('broken', 'exit 3');
  await messages.getByRole('button', { name: 'Test broken' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'broken:' })).toBeVisible();
  await messages.getByRole('button', { name: 'Remove broken' }).click();
  await expect(messages.getByText('broken', { exact: true })).toHaveCount(0);
  const { channels } = await engine.api.call<{ channels: { name: string }[] }>('GET', '/messages/channels');
  expect(channels.map(({ name }) => name)).toEqual(['works']);
});
