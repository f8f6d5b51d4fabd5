/** axe on the table of experiments, its menus and a comparison, in both themes; and the keys of the table. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './app.ts';
import { seedFinished } from './support/seed-finished.ts';

async function violations(page: Page, where: string): Promise<string[]> {
  const found = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${where}: ${rule.id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`),
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ machine: { gpus: [], colorScheme, seed: (dataDir) => seedFinished(dataDir, 60) } });

    test(`nothing to object to in the ${colorScheme} theme, and everything by keyboard`, async ({ app }) => {
      test.setTimeout(120_000);
      const { page, screen } = app;
      const faults: string[] = [];
      await screen.goTo('Experiments');
      await expect(page.getByText('60 trials, 1 experiment')).toBeVisible();
      await page.getByRole('combobox', { name: 'Group by' }).selectOption({ label: 'Group by state' });
      await expect(page.locator('.table-group').first()).toBeVisible();
      faults.push(...(await violations(page, 'table')));
      await page.getByRole('button', { name: /^Columns/ }).click();
      await expect(page.getByRole('searchbox', { name: 'Find a column' })).toBeFocused();
      faults.push(...(await violations(page, 'columns')));
      await page.keyboard.press('Escape');

      await page
        .getByRole('button', { name: /^completed/ })
        .first()
        .focus();
      await page.locator('.table-row[tabindex="0"]').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Shift+ArrowDown');
      await expect(page.getByText('2 selected')).toBeVisible();
      await page.keyboard.press('c');
      await expect(page.getByRole('main', { name: 'Compare' })).toBeVisible();
      await expect(page.getByRole('rowheader', { name: 'seed' })).toBeVisible();
      faults.push(...(await violations(page, 'compare')));
      expect(faults).toEqual([]);
    });
  });
}
