/** Finished runs do not vanish: all of them are read, searched on the engine, sorted by their metric, and acted on. */
import { expect, test } from './app.ts';
import { REFUSED_REQUEST } from './support/faults.ts';
import { seedFinished } from './support/seed-finished.ts';

const COUNT = 1_300;

test.use({ machine: { gpus: [], seed: (dataDir) => seedFinished(dataDir, COUNT) } });

interface Scroller {
  scrollTop: number;
  scrollHeight: number;
}

test('the oldest of 1,300 is reached by scrolling, by searching and from the palette', async ({ app }) => {
  test.setTimeout(120_000);
  const { page, screen, engine } = app;
  await page.getByRole('button', { name: 'All finished' }).click();
  const list = page.getByRole('grid', { name: 'Finished trials' });
  await expect(page.getByText('1,300 trials')).toBeVisible();
  await expect(screen.row(COUNT)).toContainText('val_loss');
  expect(await page.locator('.row-all').count(), 'only rows in sight are on the page').toBeLessThan(80);
  const scroller = page.locator('.finished-scroll');
  await expect(async () => {
    await scroller.evaluate((element: Scroller) => {
      element.scrollTop = element.scrollHeight;
    });
    await expect(screen.row(1)).toBeVisible({ timeout: 500 });
  }).toPass();
  await screen.inspect(1);
  await expect(screen.inspector).toContainText('sweep-1');

  const search = page.getByRole('searchbox', { name: 'Search finished trials' });
  await search.fill('seed<8 label:keeper');
  await expect(page.getByText('1 trial found')).toBeVisible();
  await expect(screen.row(7)).toContainText('keeper');
  await search.fill('seed<=20');
  await page.getByRole('group', { name: 'How it ended' }).getByRole('button', { name: 'failed' }).click();
  await expect(page.getByText('2 trials found')).toBeVisible();
  await expect(screen.row(10)).toContainText('Exit code 1');
  await page.getByRole('group', { name: 'How it ended' }).getByRole('button', { name: 'failed' }).click();
  await search.fill('seed<=5');
  await list.getByRole('button', { name: 'Best' }).click();
  await expect(list.getByRole('columnheader', { name: 'Best' })).toHaveAttribute('aria-sort', 'descending');
  await expect.poll(() => page.locator('.row-all .num').allTextContents()).toEqual(['#1', '#2', '#3', '#4', '#5']);
  await list.getByRole('button', { name: 'Best' }).click();
  await expect.poll(() => page.locator('.row-all .num').allTextContents()).toEqual(['#5', '#4', '#3', '#2', '#1']);

  // What is archived leaves the list at once, and can be taken back.
  await screen.row(3).locator('.name').click();
  await page
    .getByRole('toolbar', { name: 'Actions on the selection' })
    .getByRole('button', { name: 'Archive' })
    .click();
  await expect(screen.row(3)).toHaveCount(0);
  expect((await engine.api.trial(3)).trial.archived).toBe(true);

  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search trials or run a command').fill('sweep-42 seed=42');
  await page.getByRole('button', { name: '#42 sweep-42' }).or(page.getByText('#42 sweep-42')).first().click();
  await expect(screen.inspector).toHaveAttribute('aria-label', 'Trial 42');
});

test('a question that cannot be read is told with the near one', async ({ app: { page, screen, tolerate } }) => {
  tolerate(REFUSED_REQUEST);
  await screen.goTo('Finished');
  await page.getByRole('searchbox', { name: 'Search finished trials' }).fill('stat:failed');
  await expect(page.getByRole('alert')).toContainText('Did you mean state:?');
  await page.getByRole('searchbox', { name: 'Search finished trials' }).fill('nothing-is-called-this');
  await expect(page.getByText('No finished trial fits')).toBeVisible();
});
