/** Which picture the tray shows. Pure. */

/**
 * @returns a file of the icons; the one of twice the size lies beside it
 *
 * A name that ends in Template tells macOS to colour the shape as its menu bar is, light or dark; untried there.
 */
export function trayImage(state: 'idle' | 'busy', platform: NodeJS.Platform): string {
  return platform === 'darwin' ? `tray-${state}Template.png` : `tray-${state}.png`;
}
