/** The first minutes: an empty queue teaches what to do, the example runs, and one watches it. */
import { expect, test, type App } from './app.ts';
import { dockerdObstacle } from './support/containers.ts';

async function runExample({ page, screen, engine }: App): Promise<void> {
  const empty = page.getByRole('region', { name: 'No trials yet' });
  await expect(empty).toContainText('switchyard submit');
  await expect(empty.getByRole('button', { name: 'New experiment…' })).toBeVisible();
  await empty.getByRole('button', { name: 'Run the example' }).click();

  await expect(screen.inspector).toBeVisible();
  await expect(screen.row(1)).toHaveClass(/row-running/);
  await expect(screen.log).toContainText('images to learn from', { timeout: 20_000 });

  // Live: more points and more lines without anything being done.
  // The strip beside the log has room for two plots; those of the validation take it as soon as there are any.
  const loss = page.getByRole('img', { name: /^val\/loss: last/ });
  await expect(loss).toBeVisible();
  const before = await loss.getAttribute('aria-label');
  await expect(loss).not.toHaveAttribute('aria-label', before ?? '');
  await expect(screen.log).toContainText(/epoch +2 of/);
  await expect(screen.row(1).getByRole('progressbar')).not.toHaveAttribute('aria-valuenow', '0');

  await screen.tab('Metrics').click();
  await expect(page.getByRole('img', { name: /^val\/accuracy: last/ })).toBeVisible();
  await expect(page.getByRole('table').getByRole('row', { name: /^val\/accuracy/ })).toBeVisible();

  await screen.tab('Checkpoints').click();
  await expect(page.getByRole('table').getByRole('row').nth(1)).toContainText('latest', { timeout: 30_000 });

  await screen.inspector.getByRole('button', { name: 'Cancel' }).click();
  await screen.dialog.getByRole('button', { name: /cancel/i }).click();
  await engine.waitFor('the example has ended', ({ trials }) => trials.get(1)?.outcome?.kind === 'canceled');
  await expect(screen.rows('finished')).toHaveCount(1);
}

test('the empty queue teaches, and the example runs with live log, metrics and a checkpoint', async ({ app }) => {
  await runExample(app);
  expect((await app.engine.api.trial(1)).trial.runtime).toBe('process');
});

test.describe('with Docker', () => {
  const obstacle = dockerdObstacle();
  test.skip(obstacle !== null, obstacle ?? '');
  test.use({ machine: { gpus: [], docker: true } });
  test('the example runs in a container', async ({ app }) => {
    test.setTimeout(180_000);
    await runExample(app);
    expect((await app.engine.api.trial(1)).trial).toMatchObject({ runtime: 'docker', image: 'python:3-slim' });
  });
});
