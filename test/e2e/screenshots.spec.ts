/** Pictures of the queue as artefacts: both themes, two widths, 0, 1 and 1,000 rows. Looked at by people; checked for overflow here. */
import path from 'node:path';
import { seedQueue } from '../bench/seed.ts';
import { expect, test, type App } from './app.ts';
import { ARTEFACTS } from './support/figures.ts';
import { seedFinished } from './support/seed-finished.ts';
import { fillYard, GPUS } from './support/yard-in-use.ts';

const SIZES = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
] as const;

interface Root {
  scrollWidth: number;
  clientWidth: number;
}

async function takePictures({ page, engine }: App, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await engine.api.call('PATCH', '/settings', { theme });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme);
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.screenshot({
        path: path.join(ARTEFACTS, 'screenshots', `${name}-${theme}-${size.width}.png`),
        animations: 'disabled',
      });
      const root = await page
        .locator('html')
        .evaluate((element: Root) => ({ scrollWidth: element.scrollWidth, clientWidth: element.clientWidth }));
      expect(root.scrollWidth, `${name} at ${size.width} does not scroll sideways`).toBeLessThanOrEqual(
        root.clientWidth,
      );
    }
  }
}

test('no rows', async ({ app }) => {
  await expect(app.page.getByRole('button', { name: 'Run the example' })).toBeVisible();
  await takePictures(app, 'rows-0');
  await app.screen.goTo('Settings');
  await expect(app.page.getByRole('region', { name: 'Doctor' }).getByRole('listitem').first()).toBeVisible();
  await takePictures(app, 'settings');
});

test.describe('with GPUs', () => {
  test.use({ machine: { gpus: GPUS } });

  test('one row, then one of everything', async ({ app }) => {
    // Twelve pictures and eight trials take 24 s where nothing else runs; every single step has its own, shorter limit.
    test.setTimeout(180_000);
    const { screen, page } = app;
    const id = await screen.submit({
      directory: app.project,
      command: './train.sh',
      name: 'vit-base',
      slots: 0,
      env: 'STEPS=20',
    });
    await expect(screen.row(id)).toHaveClass(/row-finished/);
    await expect(screen.log).toContainText('trained 20 steps');
    await takePictures(app, 'rows-1');
    const yard = await fillYard(app);
    await screen.inspect(yard.running);
    await expect(page.getByRole('img', { name: /^train\/loss: last/ })).toBeVisible();
    await takePictures(app, 'one-of-each');
    await screen.inspect(yard.queued[1] ?? 0);
    await screen.openSubmit();
    await takePictures(app, 'new-experiment');
  });
});

test.describe('finished', () => {
  test.use({ machine: { gpus: GPUS, seed: (dataDir) => seedFinished(dataDir, 1_000) } });

  test('1,000 finished', async ({ app }) => {
    await app.screen.goTo('Finished');
    await app.screen.inspect(997);
    await takePictures(app, 'finished-1000');
  });
});

test.describe('1,000 rows', () => {
  test.use({
    machine: {
      gpus: GPUS,
      seed: (dataDir) => {
        seedQueue(dataDir, 3, 1_000);
      },
    },
  });

  test('1,000 rows', async ({ app }) => {
    await expect(app.screen.rows('running')).toHaveCount(3);
    await expect(app.page.getByRole('button', { name: 'Queued 1,000' })).toBeVisible();
    await app.screen.row(4).locator('.name').click();
    await takePictures(app, 'rows-1000');
  });
});
