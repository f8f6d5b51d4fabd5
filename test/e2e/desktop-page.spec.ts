/** What the page does with what only a desktop offers, on a stand-in for the preload: works in a browser as in the window. */
import { expect, test } from './app.ts';

interface PageGlobals {
  switchyardShell: object;
  desk: { shown: unknown[]; tell: (news: object) => void };
}

test('news of the desktop, where updates come from, a dropped directory, and directories in the file manager', async ({
  app: { page, screen, cli, project, shell },
}) => {
  test.skip(shell === 'electron', 'the window has the real ones');
  await page.addInitScript((dropped) => {
    const desk: PageGlobals['desk'] = { shown: [], tell: () => undefined };
    Object.assign(globalThis, {
      desk,
      switchyardShell: {
        kind: 'desktop',
        platform: 'linux',
        isInstalled: false,
        pickFolder: async () => null,
        showInFiles: async (...args: unknown[]) => desk.shown.push(args) === 1,
        pathOf: () => dropped,
        checkForUpdates: async () => void desk.shown.push('updates'),
        onNews: (listener: (news: object) => void) => {
          desk.tell = listener;
        },
      } satisfies object,
    });
  }, project);
  await page.reload();
  expect((await cli('submit', '--slots', '0', '--', 'true')).code).toBe(0);
  const tell = (news: object) => page.evaluate((said) => (globalThis as unknown as PageGlobals).desk.tell(said), news);

  await screen.goTo('Settings');
  // What this window can do, whatever its engine is: it has a tray to close to, and no program file to start at login.
  await expect(page.getByLabel('Closing the window keeps it in the tray')).toBeVisible();
  await expect(page.getByLabel('Start at login')).toBeHidden();
  const place = page.getByLabel('Look for updates in');
  await place.fill('http://updates.lab');
  await place.press('Enter');
  await expect(page.getByText('It needs https')).toBeVisible();
  await place.fill('/mnt/share');
  await place.press('Enter');
  await expect(page.getByText('It needs https')).toBeHidden();
  await expect.poll(async () => (await cli('settings', 'updatesFrom')).out).toMatch(/^\/mnt\/share\n/);
  await page.getByRole('button', { name: 'Check for updates…' }).click();
  await expect
    .poll(() => page.evaluate(() => (globalThis as unknown as PageGlobals).desk.shown.splice(0)))
    .toEqual(['updates']);
  await tell({ kind: 'open-trial', trialId: 1 });
  await expect(screen.inspector).toHaveAttribute('aria-label', 'Trial 1');
  await screen.tab('Configuration').click();
  const show = screen.inspector.getByRole('button', { name: 'Show the outputs in files' });
  await show.click();
  await expect
    .poll(() => page.evaluate(() => (globalThis as unknown as PageGlobals).desk.shown))
    .toEqual([[1, 'outputDir']]);
  await show.click();
  await expect(page.getByText('The outputs of #1 cannot be shown')).toBeVisible();

  const asked = page.waitForRequest((request) => request.url().endsWith('/api/v1/state'));
  await tell({ kind: 'resumed' });
  await asked;

  await page.evaluate(() => {
    const transfer = {
      types: ['Files'],
      items: [{ kind: 'file', getAsFile: () => ({}), webkitGetAsEntry: () => ({ isDirectory: true }) }],
    };
    const global = globalThis as unknown as {
      Event: new (type: string, init: object) => object;
      document: { dispatchEvent(event: object): boolean };
    };
    const drop = new global.Event('drop', { bubbles: true, cancelable: true });
    Object.defineProperty(drop, 'dataTransfer', { value: transfer });
    global.document.dispatchEvent(drop);
  });
  await expect(screen.dialog.getByLabel('Directory', { exact: true })).toHaveValue(project);
});

test('an engine that comes up is told as that, not as one that is lost', async ({
  app: { page, screen, tolerate },
}) => {
  tolerate(/status of 503/);
  let isUp = false;
  await page.route('**/api/v1/state', (route) =>
    isUp
      ? route.continue()
      : route.fulfill({ status: 503, json: { code: 'starting', detail: 'The engine is starting.' } }),
  );
  await page.reload();
  await expect(page.getByText('The engine is starting…')).toBeVisible();
  isUp = true;
  await expect(page.getByText('The engine is starting…')).toBeHidden();
  await screen.goTo('Settings');
});
