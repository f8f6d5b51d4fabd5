/** The command palette, the keys that work anywhere, and the sheet that lists them. */
import { expect, test } from './app.ts';

test('the palette finds commands and trials', async ({ app: { page, screen, engine } }) => {
  await engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
  await engine.api.submit({
    config: { name: 'needle', entrypoint: 'true', resources: { slots: 0 } },
    source: { kind: 'none' },
  });
  await expect(screen.rows('queued')).toHaveCount(1);

  await page.keyboard.press('Control+k');
  const search = page
    .getByLabel('Search trials or run a command')
    .and(page.getByRole('textbox').or(page.getByRole('combobox')).or(page.getByRole('searchbox')));
  await expect(search).toBeFocused();
  await page.keyboard.type('keyboard');
  await page.keyboard.press('Enter');
  await expect(screen.dialog).toContainText('Pick up, drop');
  await page.keyboard.press('Escape');
  await expect(screen.dialog).toBeHidden();

  await page.keyboard.press('/');
  // The closing sheet gives the focus back a moment later: a robot is faster than that.
  await expect(search).toBeFocused();
  await page.keyboard.type('needle');
  await page.keyboard.press('Enter');
  await expect(screen.inspector).toHaveAttribute('aria-label', 'Trial 1');

  await page.keyboard.press('Control+k');
  await expect(search).toBeFocused();
  await page.keyboard.type('settings');
  await page.getByText('Go to settings').click();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();

  await page.keyboard.press('Control+k');
  await expect(search).toBeFocused();
  await page.keyboard.type('no such thing anywhere');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await page.keyboard.press('Escape');
});

test('keys: help, new experiment, places, tabs, the list', async ({ app: { page, screen, engine } }) => {
  await engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
  for (const name of ['one', 'two', 'three'])
    await engine.api.submit({
      config: { name, entrypoint: 'true', resources: { slots: 0 } },
      source: { kind: 'none' },
    });
  await expect(screen.rows('queued')).toHaveCount(3);

  await page.keyboard.press('?');
  await expect(screen.dialog.getByRole('heading', { name: 'Keyboard' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(screen.dialog).toBeHidden();
  await page.keyboard.press('n');
  await expect(screen.dialog.getByRole('heading', { name: 'New experiment' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(screen.dialog).toBeHidden();
  await page.keyboard.press(',');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();

  await page.keyboard.press('q');
  await expect(screen.row(1)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(screen.row(2)).toBeFocused();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(screen.selectionBar).toContainText('2 selected');
  await page.keyboard.press('p');
  await expect(screen.rows('paused')).toHaveCount(2);
  await page.keyboard.press('p');
  await expect(screen.rows('queued')).toHaveCount(3);

  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(screen.inspector).toHaveAttribute('aria-label', 'Trial 1');
  for (const [key, name] of [
    ['2', 'Metrics'],
    ['3', 'Configuration'],
    ['4', 'Checkpoints'],
    ['5', 'History'],
    ['6', 'Code'],
    ['1', 'Log'],
  ] as const) {
    await page.keyboard.press(key);
    await expect(screen.tab(name)).toHaveAttribute('aria-selected', 'true');
  }

  // One key closes one thing.
  await page.keyboard.press('?');
  await expect(screen.dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(screen.dialog).toBeHidden();
  await expect(screen.inspector).toHaveAttribute('aria-label', 'Trial 1');
});
