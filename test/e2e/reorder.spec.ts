/** Order and actions by keyboard and mouse: drag with announcements, Alt+arrows, multi-select, menus, undo. */
import { expect, test, type App } from './app.ts';
import { dragOver } from './support/mouse.ts';

/** Five trials that wait: the pool is paused. */
async function fiveInLine({ engine, screen }: App): Promise<number[]> {
  await engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
  const ids: number[] = [];
  for (const name of ['alpha', 'beta', 'gamma', 'delta', 'epsilon']) {
    const { trialIds } = await engine.api.submit({
      config: { name, entrypoint: 'sleep 600', resources: { slots: 0 } },
      source: { kind: 'none' },
    });
    ids.push(...trialIds);
  }
  await expect(screen.rows('queued')).toHaveCount(5);
  return ids;
}

test('a drag by keyboard says where the trial would land and where it landed; undo brings it back', async ({ app }) => {
  const { page, screen } = app;
  const [a, b, c, d, e] = (await fiveInLine(app)) as [number, number, number, number, number];
  await screen.grip(e).focus();
  await page.keyboard.press('Space');
  await expect(screen.announcement).toContainText('Picked up trial 5 epsilon');
  await page.keyboard.press('ArrowUp');
  await expect(screen.announcement).toContainText('moves to place 4');
  await page.keyboard.press('ArrowUp');
  await expect(screen.announcement).toContainText('moves to place 3');
  await page.keyboard.press('Space');
  await expect(screen.announcement).toContainText('Dropped: moves to place 3');
  await expect.poll(() => screen.order('queued')).toEqual([a, b, e, c, d]);

  await screen.toast(/moved/i).getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => screen.order('queued')).toEqual([a, b, c, d, e]);

  await screen.grip(a).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await expect(screen.announcement).toContainText('nothing moved');
  expect(await screen.order('queued')).toEqual([a, b, c, d, e]);
});

test('Alt and arrows move by one place, Alt Home and End to the ends', async ({ app }) => {
  const { page, screen } = app;
  const [a, b, c, d, e] = (await fiveInLine(app)) as [number, number, number, number, number];
  await screen.inspect(c);
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => screen.order('queued')).toEqual([a, c, b, d, e]);
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+ArrowDown');
  await expect.poll(() => screen.order('queued')).toEqual([a, b, d, c, e]);
  await page.keyboard.press('Alt+Home');
  await expect.poll(() => screen.order('queued')).toEqual([c, a, b, d, e]);
  await page.keyboard.press('Alt+End');
  await expect.poll(() => screen.order('queued')).toEqual([a, b, d, e, c]);
  await expect(screen.row(c), 'the keyboard stays on the row that moved').toBeFocused();
});

test('several trials at once: one bar of actions, one drag, one menu', async ({ app }) => {
  const { page, screen, engine } = app;
  const [a, b, c, d, e] = (await fiveInLine(app)) as [number, number, number, number, number];
  await screen.row(d).locator('.name').click();
  await expect(screen.selectionBar).toContainText('1 selected');
  await screen
    .row(e)
    .locator('.name')
    .click({ modifiers: ['Control'] });
  await expect(screen.selectionBar).toContainText('2 selected');
  await expect(page.getByRole('toolbar')).toHaveCount(1);
  await screen.selectionBar.getByRole('button', { name: 'Move to top' }).click();
  await expect.poll(() => screen.order('queued')).toEqual([d, e, a, b, c]);

  await dragOver(page, screen.grip(e), screen.row(c));
  await expect.poll(() => screen.order('queued')).toEqual([a, b, d, e, c]);

  await screen.row(a).locator('.name').click();
  await screen
    .row(d)
    .locator('.name')
    .click({ modifiers: ['Shift'] });
  await expect(screen.selectionBar).toContainText('3 selected');
  await screen.row(b).locator('.name').click({ button: 'right' });
  await expect(page.getByRole('menu')).toContainText('3 trials');
  await screen.menuItem(/^Pause/).click();
  await expect(screen.rows('paused')).toHaveCount(3);
  await screen.selectionBar.getByRole('button', { name: 'Resume' }).click();
  await expect(screen.rows('queued')).toHaveCount(5);
  await expect.poll(() => screen.order('queued'), 'paused trials kept their place').toEqual([a, b, d, e, c]);

  await screen.row(a).locator('.name').click();
  await page.keyboard.press('Control+a');
  await expect(screen.selectionBar).toContainText('5 selected');
  await page.keyboard.press('Escape');
  await expect(screen.selectionBar).toBeHidden();
  await engine.waitFor('nothing was started', ({ trials }) =>
    [...trials.values()].every((trial) => trial.attempt === 0),
  );
});

test('the menu opens by right click, by its button and by key; cancel and archive can be undone', async ({ app }) => {
  const { page, screen } = app;
  const [a, b] = (await fiveInLine(app)) as [number, number];
  await screen.row(a).locator('.name').click({ button: 'right' });
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toBeHidden();
  await screen.row(a).focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: `Actions for trial ${b}` }).click();
  await screen.menuItem(/^Cancel/).click();
  await expect(screen.row(b)).toHaveClass(/row-finished/);
  await screen
    .toast(/cancel/i)
    .getByRole('button', { name: 'Undo' })
    .click();
  await expect(screen.row(b)).toHaveClass(/row-queued/);

  await screen.row(b).focus();
  await page.keyboard.press('Delete');
  await expect(screen.row(b)).toHaveClass(/row-finished/);
  await screen.row(b).locator('.name').click({ button: 'right' });
  await screen.menuItem(/^Archive/).click();
  await expect(screen.row(b)).toBeHidden();
  await screen
    .toast(/archived/i)
    .getByRole('button', { name: 'Undo' })
    .click();
  await expect(screen.row(b)).toHaveClass(/row-finished/);

  await screen.row(b).locator('.name').click({ button: 'right' });
  await screen.menuItem(/^Delete/).click();
  await screen.dialog.getByRole('button', { name: /delete/i }).click();
  await expect(screen.row(b)).toBeHidden();
});

test('rename, labels, priority and duplicate through their dialogs', async ({ app }) => {
  const { page, screen, engine } = app;
  const [a, b, c, d, e] = (await fiveInLine(app)) as [number, number, number, number, number];
  await screen.row(a).locator('.name').click();
  await page.keyboard.press('F2');
  await screen.dialog.getByLabel('Name').fill('renamed');
  await screen.dialog.getByRole('button', { name: 'Rename' }).click();
  await expect(screen.row(a)).toContainText('renamed');

  await screen.row(e).locator('.name').click({ button: 'right' });
  await screen.menuItem(/^Set priority/).click();
  await screen.dialog
    .getByLabel(/priority/i)
    .first()
    .fill('1');
  await screen.dialog
    .getByRole('button', { name: /priority|set/i })
    .last()
    .click();
  await expect.poll(() => screen.order('queued')).toEqual([e, a, b, c, d]);

  await screen.row(b).locator('.name').click({ button: 'right' });
  await screen.menuItem(/^Labels/).click();
  await screen.dialog.getByLabel('Labels', { exact: true }).fill('keep');
  await page.keyboard.press('Enter');
  await screen.dialog.getByRole('button', { name: 'Save labels' }).click();
  await expect(screen.row(b)).toContainText('keep');

  await screen.row(c).locator('.name').click({ button: 'right' });
  await screen.menuItem(/^Duplicate/).click();
  const yaml = screen.dialog.getByLabel('Configuration (YAML)');
  await expect(yaml).toHaveValue(/name: gamma/);
  await yaml.fill((await yaml.inputValue()).replace('name: gamma', 'name: gamma again'));
  await screen.dialog.getByRole('button', { name: 'Submit the copy' }).click();
  await expect(screen.rows('queued')).toHaveCount(6);
  await engine.waitFor('the copy', ({ trials }) => [...trials.values()].some((trial) => trial.name === 'gamma again'));
});

test('what the command line does shows in the window by itself', async ({ app }) => {
  const { screen, cli } = app;
  const [a, b, c, d, e] = (await fiveInLine(app)) as [number, number, number, number, number];
  await screen.inspect(e);
  expect(await cli('mv', String(e), 'top')).toMatchObject({ code: 0 });
  await expect.poll(() => screen.order('queued')).toEqual([e, a, b, c, d]);
  expect(await cli('pause', String(b))).toMatchObject({ code: 0 });
  await expect(screen.row(b)).toHaveClass(/row-paused/);
});
