/** The parts of the window by the names a person would give them. */
import { expect, type Locator, type Page } from '@playwright/test';
import type { SubmitResult } from '../../../electron/contract/config.ts';

export type Section = 'running' | 'queued' | 'paused' | 'finished';
export type Tab = 'Log' | 'Metrics' | 'Configuration' | 'Checkpoints' | 'History' | 'Code';

export interface SubmitFields {
  readonly directory?: string;
  readonly command: string;
  readonly name?: string;
  readonly slots?: number;
  readonly env?: string;
  readonly runtime?: 'Process' | 'Docker';
  readonly image?: string;
}

export interface Screen {
  readonly queue: Locator;
  readonly inspector: Locator;
  readonly dialog: Locator;
  readonly log: Locator;
  readonly selectionBar: Locator;
  readonly announcement: Locator;
  /** A trial's row, wherever it stands. */
  row(trialId: number): Locator;
  /** Rows of a section that are on the page. */
  rows(section: Section): Locator;
  /** Ids of a section's rows, top first. */
  order(section: Section): Promise<number[]>;
  grip(trialId: number): Locator;
  pool(name: string): Locator;
  gpu(index: number): Locator;
  toast(text: string | RegExp): Locator;
  menuItem(name: string | RegExp): Locator;
  tab(name: Tab): Locator;
  inspect(trialId: number): Promise<void>;
  openSubmit(): Promise<void>;
  fillSubmit(fields: SubmitFields): Promise<void>;
  /** Submits through the dialog. @returns the new trial's id */
  submit(fields: SubmitFields): Promise<number>;
  /** Chooses an item of a pool's menu. */
  poolMenu(pool: string, item: string | RegExp): Promise<void>;
  goTo(place: 'Queue' | 'Experiments' | 'Finished' | 'Cloud' | 'Settings'): Promise<void>;
}

interface PlacedRow {
  getAttribute(name: string): string | null;
}

export function createScreen(page: Page): Screen {
  // The command palette is a dialog too, and closes while the next one opens.
  const dialog = page.getByRole('dialog').and(page.locator('.mantine-Modal-content'));
  const inspector = page.locator('aside.inspector');
  const screen: Screen = {
    queue: page.getByRole('grid'),
    inspector,
    dialog,
    log: page.getByRole('log'),
    selectionBar: page.getByRole('toolbar', { name: 'Actions on the selection' }),
    announcement: page.locator('[aria-live="polite"].visually-hidden'),
    row: (trialId) => page.locator(`[data-trial-id="${trialId}"]`),
    rows: (section) => page.locator(`.row-${section}`),
    order: (section) =>
      page.locator(`.row-${section}`).evaluateAll((rows: readonly PlacedRow[]) =>
        rows
          .map((row) => ({
            id: Number(row.getAttribute('data-trial-id')),
            at: Number(row.getAttribute('aria-rowindex')),
          }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ id }) => id),
      ),
    grip: (trialId) => page.locator(`[data-trial-id="${trialId}"]`).getByRole('button', { name: /^Reorder/ }),
    pool: (name) => page.locator('[data-pool-id]').filter({ has: page.getByText(name, { exact: true }) }),
    gpu: (index) => page.getByRole('article', { name: new RegExp(`^GPU ${index} `) }),
    toast: (text) => page.locator('.mantine-Notification-root').filter({ hasText: text }),
    menuItem: (name) => page.getByRole('menuitem', { name }),
    tab: (name) => inspector.getByRole('tab', { name }),
    async inspect(trialId) {
      await screen.row(trialId).locator('.name').click();
      await expect(inspector).toHaveAttribute('aria-label', `Trial ${trialId}`);
    },
    async openSubmit() {
      await page.getByRole('button', { name: 'New experiment', exact: true }).click();
      await expect(dialog).toBeVisible();
    },
    async fillSubmit({ directory, command, name, slots, env, runtime, image }) {
      if (directory !== undefined) await dialog.getByLabel('Directory', { exact: true }).fill(directory);
      await dialog.getByLabel('Command', { exact: true }).fill(command);
      if (name !== undefined) await dialog.getByLabel('Name', { exact: true }).fill(name);
      if (slots !== undefined) await dialog.getByLabel('Slots (GPUs)').fill(String(slots));
      if (runtime !== undefined) await dialog.getByLabel('Runtime').selectOption({ label: runtime });
      if (image !== undefined) await dialog.getByLabel('Image').fill(image);
      if (env !== undefined) await dialog.getByLabel('Environment').fill(env);
    },
    async submit(fields) {
      await screen.openSubmit();
      await screen.fillSubmit(fields);
      const [answer] = await Promise.all([
        page.waitForResponse(/\/experiments$/),
        dialog.getByRole('button', { name: 'Submit' }).click(),
      ]);
      await expect(dialog).toBeHidden();
      const {
        trialIds: [id = 0],
      }: SubmitResult = await answer.json();
      await expect(screen.toast(`Queued as #${id}`)).toBeVisible();
      return id;
    },
    async poolMenu(pool, item) {
      await page.getByRole('button', { name: `Actions for pool ${pool}` }).click();
      await screen.menuItem(item).click();
    },
    async goTo(place) {
      await page.getByRole('navigation', { name: 'Places' }).getByRole('button', { name: place }).click();
    },
  };
  return screen;
}
