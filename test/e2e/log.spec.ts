/** The log: huge, fast, coloured, with progress bars; opened at its end, followed, searched. */
import { expect, test } from './app.ts';
import { reportFigure } from './support/figures.ts';
import { describeFrames, measureFrames } from './support/frames.ts';

/** Numbers as lines: this many make more than 1 GiB. */
const HUGE_LINES = 123_000_000;
const RATE = 50_000;
const SECONDS = 4;

// Recording a trace takes time from the frames that are measured.
test.use({ trace: 'off' });

interface Page {
  performance: { now(): number };
  requestAnimationFrame(callback: () => void): void;
  document: { querySelector(selector: string): { click(): void; textContent: string | null } | null };
}

test('a log of 1 GiB opens at its end at once, and is searched as a whole', async ({
  app: { page, screen, engine },
}) => {
  test.setTimeout(150_000);
  await engine.api.call('PATCH', '/settings', { logCapMiB: 4096 });
  const half = HUGE_LINES / 2;
  const command = `seq 1 ${half}; echo "a needle in the hay"; seq ${half + 1} ${HUGE_LINES}`;
  const {
    trialIds: [id = 0],
  } = await engine.api.submit({
    config: { name: 'huge', entrypoint: command, runtime: 'process', resources: { slots: 0 } },
    source: { kind: 'none' },
  });
  await engine.waitFor('the log is written', ({ trials }) => trials.get(id)?.state === 'done', 120_000);
  const { totalBytes } = await engine.api.call<{ totalBytes: number }>('GET', `/trials/${id}/attempts/1/log/info`);
  expect(totalBytes).toBeGreaterThan(1024 ** 3);
  await expect(screen.row(id)).toHaveClass(/row-finished/);

  const openedMs = await page.evaluate(
    ([selector, last]) =>
      new Promise<number>((resolve) => {
        const window = globalThis as unknown as Page;
        const startedMs = window.performance.now();
        window.document.querySelector(selector)?.click();
        const look = (): void => {
          if (window.document.querySelector('[role="log"]')?.textContent?.includes(last) === true)
            resolve(window.performance.now() - startedMs);
          else window.requestAnimationFrame(look);
        };
        look();
      }),
    [`[data-trial-id="${id}"] .name`, String(HUGE_LINES)] as const,
  );
  reportFigure(
    `log of ${(totalBytes / 1024 ** 3).toFixed(2)} GiB, from the click to its last line`,
    `${openedMs.toFixed(0)} ms`,
  );
  expect(openedMs).toBeLessThan(3_000);

  await page.getByRole('button', { name: 'Search the log' }).click();
  const searchedAt = performance.now();
  await page.getByLabel('Search text').fill('needle');
  await expect(page.getByRole('search')).toContainText('1 of 1', { timeout: 60_000 });
  reportFigure('search through all of it', `${((performance.now() - searchedAt) / 1000).toFixed(1)} s`);
  await expect(page.locator('.log-marked')).toHaveText('a needle in the hay');
  await expect(screen.log).toContainText(String(half));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Jump to end' }).click();
  await expect(screen.log).toContainText(String(HUGE_LINES));
});

test(`follows ${RATE} lines a second`, async ({ app: { page, screen, engine, project } }) => {
  const {
    trialIds: [id = 0],
  } = await engine.api.submit({
    config: {
      name: 'fast',
      entrypoint: ['python3', 'writer.py'],
      runtime: 'process',
      environment: { environment_variables: { RATE: String(RATE), SECONDS: String(SECONDS) } },
      resources: { slots: 0 },
    },
    source: { kind: 'directory', path: project },
    paused: true,
  });
  await screen.inspect(id);
  await screen.inspector.getByRole('button', { name: 'Resume' }).click();
  await expect(screen.log).toContainText(/line \d+ loss/);
  const figures = await measureFrames(page, async () => {
    await expect(screen.log).toContainText(`wrote ${RATE * SECONDS} lines`, { timeout: 30_000 });
  });
  reportFigure(`following ${RATE} lines a second for ${SECONDS} s`, describeFrames(figures));
  expect(figures.longestMs).toBeLessThan(2_000);
  await expect(screen.log).toContainText(`line ${RATE * SECONDS - 1} loss`);

  // Reading back: following stops, the earliest line is still there, the end is one click away.
  await screen.log.hover();
  await page.mouse.wheel(0, -3_000);
  await expect(page.getByRole('button', { name: 'Jump to end' })).toBeVisible();
  await expect(screen.log).not.toContainText(`wrote ${RATE * SECONDS} lines`);
  await page.getByRole('button', { name: 'Jump to end' }).click();
  await expect(screen.log).toContainText(`wrote ${RATE * SECONDS} lines`);
});

test('progress bars collapse, colours show, control sequences do not; the download is the raw bytes', async ({
  app: { page, screen, engine },
}) => {
  const raw =
    'plain\\n\\033[32mgreen\\033[0m and \\033[1;31mbold red\\033[0m\\n 10%%|#   |\\r 50%%|##  |\\r100%%|####|\\n\\033[2J\\033[Hcleared\\n<b>not bold</b>\\n';
  const {
    trialIds: [id = 0],
  } = await engine.api.submit({
    config: { name: 'colours', entrypoint: `printf '${raw}'; exit 3`, runtime: 'process', resources: { slots: 0 } },
    source: { kind: 'none' },
  });
  await expect(screen.row(id)).toContainText('failed');
  await screen.inspect(id);
  await expect(screen.log).toContainText('100%|####|');
  await expect(screen.log).not.toContainText('50%');
  await expect(screen.log.locator('.ansi-green-fg')).toHaveText('green');
  await expect(screen.log.locator('.ansi-red-fg')).toHaveText('bold red');
  await expect(screen.log).toContainText('<b>not bold</b>');
  await expect(screen.log).toContainText('cleared');
  await expect(screen.log).not.toContainText('[2J');
  expect(
    await screen.log
      .locator('.ansi-green-fg')
      .evaluate(
        (element) =>
          (globalThis as unknown as { getComputedStyle(element: unknown): { color: string } }).getComputedStyle(element)
            .color,
      ),
  ).not.toBe('rgb(0, 0, 0)');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the log' }).click();
  const stream = await (await download).createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toContain('\u001B[32mgreen\u001B[0m');

  await screen.inspector.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByLabel('Attempt', { exact: true })).toHaveValue('2');
  await page.getByLabel('Attempt', { exact: true }).selectOption('1');
  await expect(screen.log).toContainText('100%|####|');
});
