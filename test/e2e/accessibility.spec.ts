/** axe on every screen, panel, dialog and menu, in both themes: no violation of any of its rules. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './app.ts';
import { ENGINE_GONE } from './support/faults.ts';
import type { Tab } from './support/screen.ts';
import { fillYard, GPUS } from './support/yard-in-use.ts';

const TABS: readonly Tab[] = ['Log', 'Metrics', 'Configuration', 'Checkpoints', 'History', 'Code'];

/** Where the rest of the window was looked at before, only what is new is looked at. */
const PARTS = { window: null, inspector: 'aside.inspector', dialog: '[role="dialog"]', menu: '[role="menu"]' } as const;
type Part = keyof typeof PARTS;

/** @returns one line per violated rule and element */
async function findViolations(page: Page, where: string, part: Part = 'window'): Promise<string[]> {
  // Legacy mode opens no second page, which a desktop window would not have.
  const builder = new AxeBuilder({ page }).setLegacyMode(true);
  const selector = PARTS[part];
  const { violations, passes } = await (selector === null ? builder : builder.include(selector)).analyze();
  expect(passes.length, `rules that looked at something: ${where}`).toBeGreaterThan(3);
  return violations.flatMap((rule) =>
    rule.nodes.map(
      (node) => `${where}: ${rule.id} (${rule.help}): ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`,
    ),
  );
}

for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({ machine: { gpus: GPUS, colorScheme: theme } });

    test(`nothing to object to in the ${theme} theme`, async ({ app }) => {
      test.setTimeout(180_000);
      const { page, screen, engine, restart, tolerate } = app;
      const faults: string[] = [];
      const look = async (where: string, part?: Part): Promise<void> => {
        faults.push(...(await findViolations(page, where, part)));
      };
      // A list that is open in a dialog takes the first Escape.
      const close = (): Promise<void> =>
        expect(async () => {
          await page.keyboard.press('Escape');
          await expect(page.getByRole('dialog').or(page.getByRole('menu'))).toHaveCount(0, { timeout: 500 });
        }).toPass();
      await expect(page.getByRole('region', { name: 'No trials yet' })).toBeVisible();
      await look('empty queue');

      const yard = await fillYard(app);
      await expect(screen.row(yard.running)).toHaveClass(/row-running/);
      await expect(screen.rows('finished')).toHaveCount(2);
      await look('queue');
      await screen.goTo('Finished');
      await expect(page.getByText('2 trials')).toBeVisible();
      await look('finished');
      await screen.goTo('Queue');
      await screen.inspect(yard.running);
      for (const tab of TABS) {
        await screen.tab(tab).click();
        await expect(screen.tab(tab)).toHaveAttribute('aria-selected', 'true');
        await look(`inspector, ${tab}`, 'inspector');
      }
      for (const id of [yard.queued[0] ?? 0, yard.paused, yard.failed]) {
        await screen.inspect(id);
        await look(`inspector of trial ${id}`, 'inspector');
      }
      await screen.tab('Log').click();
      await page.getByRole('button', { name: 'Search the log' }).click();
      await look('log search', 'inspector');

      const openFor = async (id: number, item: RegExp): Promise<void> => {
        await screen.row(id).locator('.name').click({ button: 'right' });
        await screen.menuItem(item).click();
        await expect(screen.dialog).toBeVisible();
      };
      await screen
        .row(yard.queued[1] ?? 0)
        .locator('.name')
        .click({ button: 'right' });
      await look('trial menu', 'menu');
      await close();
      for (const [id, item] of [
        [yard.queued[1], /^Rename/],
        [yard.queued[1], /^Labels/],
        [yard.queued[1], /^Set priority/],
        [yard.queued[1], /^Duplicate/],
        [yard.running, /^Cancel/],
        [yard.running, /^Kill/],
        [yard.failed, /^Delete/],
      ] as const) {
        await openFor(id ?? 0, item);
        await look(`dialog ${item.source}`, 'dialog');
        await close();
      }
      await screen.openSubmit();
      for (const way of ['Directory and command', 'Paste a configuration', 'Example']) {
        await screen.dialog.getByText(way, { exact: true }).click();
        await look(`new experiment, ${way}`, 'dialog');
      }
      await screen.dialog.getByText('Directory and command', { exact: true }).click();
      await screen.dialog.getByRole('button', { name: 'Submit' }).click();
      await expect(screen.dialog.getByRole('alert')).toBeVisible();
      await look('new experiment, refused', 'dialog');
      await close();

      await page.getByRole('button', { name: 'Add a pool' }).click();
      await page.getByRole('menuitem', { name: /^Some of the GPUs/ }).click();
      await expect(screen.dialog).toBeVisible();
      await look('new pool', 'dialog');
      await screen.dialog.getByLabel('Name').fill('Night only');
      await screen.dialog.getByRole('button', { name: 'Create pool' }).click();
      await expect(screen.toast(/Night only created/)).toBeVisible();
      await look('empty pool, with a toast');
      await page.getByRole('button', { name: 'Actions for pool Night only' }).click();
      await expect(page.getByRole('menu')).toBeVisible();
      await look('pool menu', 'menu');
      await close();
      for (const item of [/^Pool settings/, /^Delete pool/]) {
        await screen.poolMenu('Night only', item);
        await expect(screen.dialog).toBeVisible();
        await look(`pool dialog ${item.source}`, 'dialog');
        await close();
      }
      await page.getByRole('button', { name: 'Actions for GPU 2' }).click();
      await expect(page.getByRole('menu')).toBeVisible();
      await look('GPU menu', 'menu');
      await close();
      await page.keyboard.press('Control+k');
      await page.keyboard.type('s');
      await look('command palette', 'dialog');
      await close();
      await page.keyboard.press('?');
      await expect(screen.dialog).toBeVisible();
      await look('shortcuts', 'dialog');
      await close();
      await screen.goTo('Settings');
      await expect(page.getByRole('region', { name: 'Doctor' }).getByRole('listitem').first()).toBeVisible();
      await look('settings');
      await screen.goTo('Queue');

      tolerate(ENGINE_GONE);
      await engine.kill9();
      await expect(page.getByRole('alert').filter({ hasText: 'The engine cannot be reached' })).toBeVisible();
      await look('engine not reachable');
      await restart();
      const browser = page.context().browser();
      if (app.shell === 'browser' && browser !== null) {
        const stranger = await browser.newContext({ colorScheme: theme });
        const door = await stranger.newPage();
        await door.goto(app.origin);
        await expect(door.getByRole('heading', { name: 'This engine wants a login link' })).toBeVisible();
        faults.push(...(await findViolations(door, 'login')));
        await stranger.close();
      }
      expect([...new Set(faults)]).toEqual([]);
    });
  });
}
