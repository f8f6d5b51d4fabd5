/** Where a window opens that was somewhere before: screens come and go. Pure. */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** So much of it has to be on a screen, in pixels, that it can be taken hold of. */
const GRIP_WIDTH = 200;
const GRIP_HEIGHT = 40;

/**
 * @param remembered null when it was nowhere yet
 * @param screens what of each screen is free for windows
 * @returns null when it opens in the middle, with its first size
 */
export function fitBounds(remembered: Rectangle | null, screens: readonly Rectangle[]): Rectangle | null {
  if (remembered === null) return null;
  const screen = screens.find((one) => overlaps(remembered, one));
  if (screen === undefined) return null;
  return {
    ...remembered,
    width: Math.min(remembered.width, screen.width),
    height: Math.min(remembered.height, screen.height),
  };
}

/** The title bar counts: a window whose top lies above the screen cannot be moved. */
function overlaps(window: Rectangle, screen: Rectangle): boolean {
  const width = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x);
  const isTopThere = window.y >= screen.y && window.y <= screen.y + screen.height - GRIP_HEIGHT;
  return width >= Math.min(GRIP_WIDTH, window.width) && isTopThere;
}
