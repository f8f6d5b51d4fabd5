/** What only the desktop window has: its own scheme, its guards, no way from the page into Node. */
import { APP_ORIGIN } from '../../electron/desktop/navigation-policy.ts';
import { expect, test } from './app.ts';

test.skip(process.env['E2E_SHELL'] !== 'electron', 'only in the desktop window (E2E_SHELL=electron)');

interface PageGlobals {
  open(url: string): unknown;
  location: { href: string };
  require?: unknown;
  process?: unknown;
  switchyardShell?: object;
}

test('the page lives on the private scheme, reaches nothing of Node, and cannot leave', async ({
  app: { page, screen, tolerate },
}) => {
  tolerate(/Not allowed|ERR_/);
  expect(page.url().startsWith(APP_ORIGIN)).toBe(true);
  const found = await page.evaluate(() => {
    const globals = globalThis as unknown as PageGlobals;
    return {
      require: typeof globals.require,
      process: typeof globals.process,
      shell: Object.keys(globals.switchyardShell ?? {}),
    };
  });
  expect(found).toEqual({
    require: 'undefined',
    process: 'undefined',
    shell: expect.arrayContaining(['pickFolder', 'platform']) as unknown,
  });

  expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).open('https://example.com/') === null)).toBe(
    true,
  );
  await page.evaluate(() => {
    (globalThis as unknown as PageGlobals).location.href = 'https://example.com/';
  });
  await screen.goTo('Settings');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  expect(page.url().startsWith(APP_ORIGIN)).toBe(true);
});
