/** Sweeps in the window: one row that opens, moved and canceled as one. */
import { expect, test } from './app.ts';

test('a sweep is one row of the queue that opens into its trials, and is moved and canceled as one', async ({
  app,
}) => {
  const { page, screen, engine } = app;
  await engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
  const submit = async (config: Record<string, unknown>): Promise<number[]> =>
    (
      await engine.api.submit({
        config: { entrypoint: 'sleep 600', resources: { slots: 0 }, ...config },
        source: { kind: 'none' },
      })
    ).trialIds;
  const [alpha = 0] = await submit({ name: 'alpha' });
  const sweep = await submit({ name: 'wide', entrypoint: 'sleep {s}', set_params: ['s=601,602,603'] });
  const [omega = 0] = await submit({ name: 'omega' });
  const [first = 0] = sweep;
  await expect.poll(() => screen.order('queued')).toEqual([alpha, first, omega]);

  const fold = page.getByRole('button', { name: '3 waiting trials of the sweep wide' });
  await fold.click();
  await expect.poll(() => screen.order('queued')).toEqual([alpha, ...sweep, omega]);
  await fold.click();
  await expect.poll(() => screen.order('queued')).toEqual([alpha, first, omega]);

  await screen.row(first).locator('.name').click();
  await expect(screen.selectionBar).toContainText('3 selected');
  await page.keyboard.press('Alt+Home');
  await expect.poll(() => screen.order('queued')).toEqual([first, alpha, omega]);
  const places = (await engine.api.trials()).filter(({ state }) => state === 'queued').map(({ id }) => id);
  expect(places).toEqual([...sweep, alpha, omega]);

  await screen.grip(first).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect.poll(() => screen.order('queued')).toEqual([alpha, first, omega]);

  await screen.selectionBar.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => screen.order('queued')).toEqual([alpha, omega]);
});

test('the form says how many trials a sweep makes before it is submitted', async ({ app }) => {
  const { page, screen, engine } = app;
  await engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
  app.tolerate(/400 \(Bad Request\).*\/experiments/);
  await screen.openSubmit();
  await screen.fillSubmit({ command: 'sleep {s}', slots: 0, runtime: 'Process' });
  const values = screen.dialog.getByLabel('Hyperparameters');
  await values.fill('s=range(600,900)');
  await expect(screen.dialog.getByRole('status')).toContainText('300 trials');
  await screen.dialog.getByRole('button', { name: 'Submit' }).click();
  await expect(screen.dialog).toContainText('This makes 300 trials, more than 200.');
  await expect(screen.dialog.getByRole('button', { name: 'Queue them all' })).toBeVisible();
  await values.fill('s=600,601');
  await screen.dialog.getByRole('button', { name: /Submit|Queue them all/ }).click();
  await expect(page.getByRole('button', { name: /2 waiting trials of the sweep/ })).toBeVisible();
});
