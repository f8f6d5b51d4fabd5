/** The table of experiments: filtered, sorted and grouped on the engine, looked at through saved views, compared and exported. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './app.ts';
import { REFUSED_REQUEST } from './support/faults.ts';
import { seedFinished } from './support/seed-finished.ts';

const COUNT = 1_300;

test.use({ machine: { gpus: [], seed: (dataDir) => seedFinished(dataDir, COUNT) } });

const trialRows = (page: Page) => page.locator('.table-row[data-trial-id]');
const ids = async (page: Page): Promise<string[]> =>
  trialRows(page).evaluateAll((rows) =>
    (rows as unknown as { dataset: Record<string, string>; style: { transform: string } }[])
      .map((row) => [Number(/\d+/.exec(row.style.transform)?.[0]), row.dataset['trialId'] ?? ''] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, id]) => id),
  );

test('1,300 trials are filtered, sorted, grouped and scrolled; what does not differ is not shown', async ({ app }) => {
  const { page, screen } = app;
  await screen.goTo('Experiments');
  const grid = page.getByRole('grid', { name: 'Trials' });
  await expect(page.getByText('1,300 trials, 1 experiment')).toBeVisible();
  await expect.poll(() => ids(page)).toEqual(expect.arrayContaining(['1300', '1299']));
  expect(await trialRows(page).count(), 'only rows in sight are on the page').toBeLessThan(80);
  await expect(grid.getByRole('columnheader', { name: 'seed' })).toBeVisible();
  await expect(grid.getByRole('columnheader', { name: 'lr' })).toHaveCount(0);

  const filter = page.getByRole('searchbox', { name: 'Filter trials' });
  await filter.fill('seed<=5 or (label:keeper and val_loss<2)');
  await expect(page.getByText('6 of 1,300 trials')).toBeVisible();
  await grid.getByRole('columnheader', { name: 'val_loss' }).getByRole('button').click();
  await expect.poll(() => ids(page)).toEqual(['7', '5', '4', '3', '2', '1']);
  await grid.getByRole('columnheader', { name: 'fold' }).getByRole('button').click();
  await grid
    .getByRole('columnheader', { name: 'val_loss' })
    .getByRole('button')
    .click({ modifiers: ['Shift'] });
  await expect.poll(() => ids(page)).toEqual(['3', '7', '4', '1', '5', '2']);
  await page.getByRole('combobox', { name: 'Group by' }).selectOption({ label: 'Group by fold' });
  await expect(page.locator('.table-group')).toHaveCount(3);
  await page.locator('.table-fold').first().click();
  await expect.poll(() => ids(page)).toEqual(['7', '4', '1', '5', '2']);

  // A view keeps all of it.
  await page.getByRole('button', { name: 'Save as a new view' }).click();
  await page.getByRole('textbox', { name: 'Name of the view' }).fill('First ones');
  await page.getByRole('button', { name: 'Save view' }).click();
  const views = page.getByRole('group', { name: 'Views' });
  await expect(views.getByRole('button', { name: 'First ones' })).toHaveAttribute('aria-pressed', 'true');
  await views.getByRole('button', { name: 'All' }).click();
  await expect(page.getByText('1,300 trials, 1 experiment')).toBeVisible();
  await page.reload();
  await views.getByRole('button', { name: 'First ones' }).click();
  await expect(page.getByText('6 of 1,300 trials, 1 experiment, 3 groups')).toBeVisible();

  await views.getByRole('button', { name: 'All' }).click();
  await expect(page.getByText('1,300 trials, 1 experiment')).toBeVisible();
  await expect(async () => {
    await page.locator('.table-scroll').evaluate((element: { scrollTop: number; scrollHeight: number }) => {
      element.scrollTop = element.scrollHeight;
    });
    await expect(page.locator('[data-trial-id="1"]')).toBeVisible({ timeout: 500 });
  }).toPass();
});

test('trials are starred, compared and exported', async ({ app }) => {
  const { page, screen, engine } = app;
  await screen.goTo('Experiments');
  await page.getByRole('searchbox', { name: 'Filter trials' }).fill('seed<=3');
  await expect(page.getByText('3 of 1,300 trials')).toBeVisible();
  await page.locator('[data-trial-id="3"]').click();
  await page.locator('[data-trial-id="1"]').click({ modifiers: ['Shift'] });
  await page.keyboard.press('s');
  await expect.poll(async () => (await engine.api.trial(2)).trial.starred).toBe(true);
  await page.getByRole('searchbox', { name: 'Filter trials' }).fill('is:starred seed!=2');
  await expect(page.getByText('2 of 1,300 trials')).toBeVisible();

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'CSV' }).click();
  const [head = '', first = ''] = readFileSync(await (await saved).path(), 'utf8').split('\r\n');
  expect(head).toMatch(/^trial,name,State,.*seed.*val_loss/);
  expect(first).toMatch(/^3,sweep-3,completed,/);

  await page.locator('[data-trial-id="3"]').click();
  await page.locator('[data-trial-id="1"]').click({ modifiers: ['Control'] });
  await page.locator('[data-trial-id="1"]').press('c');
  const compare = page.getByRole('main', { name: 'Compare' });
  await expect(compare.getByRole('row', { name: /^seed/ })).toContainText(/[13].*[13]/);
  await expect(compare.getByRole('row', { name: /val_loss, best/ })).toContainText('best');
  await expect(compare.getByRole('rowheader', { name: 'lr' })).toHaveCount(0);
  await compare.getByRole('switch', { name: 'Only what differs' }).click();
  await expect(compare.getByRole('rowheader', { name: 'lr' })).toBeVisible();
  await expect(compare.getByRole('img', { name: /^val_loss/ })).toBeVisible();
  await compare.getByRole('button', { name: 'Experiments' }).click();
  await expect(page.getByText('2 of 1,300 trials')).toBeVisible();
});

test('a filter that cannot be read is told with what would do', async ({ app: { page, screen, tolerate } }) => {
  tolerate(REFUSED_REQUEST);
  await screen.goTo('Experiments');
  await page.getByRole('searchbox', { name: 'Filter trials' }).fill('lr>0.01 and');
  await expect(page.getByRole('alert')).toContainText('missing beside "and"');
  await page.getByRole('searchbox', { name: 'Filter trials' }).fill('nothing-is-called-this');
  await expect(page.getByText('No trial fits.')).toBeVisible();
  await page.getByRole('button', { name: 'Take the filter away' }).click();
  await expect(page.getByText('1,300 trials, 1 experiment')).toBeVisible();
});
