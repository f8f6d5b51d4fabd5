/** The fixture itself: an error in the window fails its spec, also one that nobody looked for. */
import { expect, test } from './app.ts';

interface PageGlobals {
  setTimeout(run: () => void, ms: number): void;
  document: { title: string };
  console: { error(text: string): void };
}

test('an error that a script throws fails its spec', async ({ app: { page } }) => {
  test.fail();
  await page.evaluate(() => {
    const globals = globalThis as unknown as PageGlobals;
    globals.setTimeout(() => {
      globals.document.title = 'planted';
      throw new Error('planted');
    }, 0);
  });
  await expect(page).toHaveTitle('planted');
});

test('an error on the console fails its spec', async ({ app: { page } }) => {
  test.fail();
  await page.evaluate(() => {
    (globalThis as unknown as PageGlobals).console.error('planted');
  });
});
