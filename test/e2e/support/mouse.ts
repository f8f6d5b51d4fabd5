/** Drags with the real mouse, in small steps as a hand does. */
import type { Locator, Page } from '@playwright/test';

const STEPS = 12;

interface Point {
  readonly x: number;
  readonly y: number;
}

async function centreOf(locator: Locator): Promise<Point> {
  await locator.scrollIntoViewIfNeeded();
  const box = await locator.boundingBox();
  if (box === null) throw new Error('the element is not on the screen');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Picks up at a grip and holds over a target. @param above the target's upper edge instead of its middle */
export async function dragTo(page: Page, grip: Locator, target: Locator, above = false): Promise<void> {
  const from = await centreOf(grip);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  const to = await centreOf(target);
  const box = await target.boundingBox();
  await page.mouse.move(to.x, above && box !== null ? box.y + 2 : to.y, { steps: STEPS });
}

/** Drags a row so that it lands ahead of another. */
export async function dragOver(page: Page, grip: Locator, row: Locator): Promise<void> {
  await dragTo(page, grip, row, true);
  await page.mouse.up();
}
