/** 10,000 queued trials: the list scrolls, a drag follows the hand, a move lands. */
import { seedQueue } from '../bench/seed.ts';
import { expect, test } from './app.ts';
import { reportFigure } from './support/figures.ts';
import { describeFrames, measureFrames } from './support/frames.ts';

const COUNT = 10_000;

// Recording a trace takes time from the frames that are measured.
test.use({ trace: 'off' });
test.use({
  machine: {
    gpus: [{}],
    seed: (dataDir) => {
      seedQueue(dataDir, 1, COUNT);
    },
  },
});

interface Scroller {
  scrollTop: number;
}

test('10,000 queued trials scroll and drag', async ({ app: { page, screen, engine } }) => {
  test.setTimeout(90_000);
  await expect(page.getByRole('button', { name: `Queued ${COUNT.toLocaleString('en-US')}` })).toBeVisible();
  await expect(screen.rows('running')).toHaveCount(1);
  const list = page.locator('.queue-scroll');
  const scrollTop = (): Promise<number> => list.evaluate((element: Scroller) => element.scrollTop);
  expect(await screen.rows('queued').count(), 'only rows in sight are on the page').toBeLessThan(80);

  await list.hover();
  const scrolling = await measureFrames(page, async () => {
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 400);
    await expect.poll(scrollTop).toBeGreaterThan(10_000);
  });
  reportFigure(`${COUNT} trials, scrolling`, describeFrames(scrolling));
  expect(scrolling.longestMs).toBeLessThan(2_000);

  // Up by twelve rows, then held below the upper edge: the list comes along.
  const order = await screen.order('queued');
  const lead = order[Math.floor(order.length / 2)] ?? 0;
  const before = (await engine.api.trial(lead)).trial.rank;
  const grip = await screen.grip(lead).boundingBox();
  const box = await list.boundingBox();
  if (grip === null || box === null) throw new Error('nothing to drag');
  const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
  const from = await scrollTop();
  const dragging = await measureFrames(page, async () => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 1; step <= 40; step++) await page.mouse.move(x + step, y + (box.y + 12 - y) * (step / 40));
    await expect(page.locator('.drag-ghost')).toContainText('moves to place');
    await expect.poll(scrollTop, { message: 'the list scrolls under the resting hand' }).toBeLessThan(from - 400);
    await page.mouse.up();
  });
  reportFigure(`${COUNT} trials, dragging`, describeFrames(dragging));
  expect(dragging.longestMs).toBeLessThan(2_000);
  await engine.waitFor('the move is saved', ({ trials }) => (trials.get(lead)?.rank ?? before) !== before);

  // The last of all to the top, by keys.
  await screen.rows('queued').first().locator('.name').click();
  await page.keyboard.press('End');
  const last = page.locator(`[data-trial-id="${COUNT + 1}"]`);
  await expect(last).toBeFocused();
  await page.keyboard.press('Alt+Home');
  await expect(last).toBeVisible();
  await expect.poll(async () => (await screen.order('queued'))[0]).toBe(COUNT + 1);
});
