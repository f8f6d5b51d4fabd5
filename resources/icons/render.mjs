/**
 * Draws the PNG files of this directory from its SVG files, in Chromium:
 *   node resources/icons/render.mjs [path of a Chromium]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { chromium } from '@playwright/test';

const here = import.meta.dirname;
/** Opacity of what macOS colours itself. */
const SHADES = { idle: 0.5, busy: 1 };
const jobs = [
  ...[16, 32, 48, 64, 128, 256, 512].map((size) => ({ from: 'mark.svg', to: `app/${size}x${size}.png`, size })),
  ...['idle', 'busy'].flatMap((state) => [
    { from: `tray-${state}.svg`, to: `tray-${state}.png`, size: 24 },
    { from: `tray-${state}.svg`, to: `tray-${state}@2x.png`, size: 48 },
    // macOS takes the shape alone and colours it as its menu bar is; how much of it is there tells the states apart.
    { from: `tray-${state}.svg`, to: `tray-${state}Template.png`, size: 18, shade: SHADES[state] },
    { from: `tray-${state}.svg`, to: `tray-${state}Template@2x.png`, size: 36, shade: SHADES[state] },
  ]),
];

const [executablePath] = process.argv.slice(2);
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  const page = await browser.newPage();
  for (const { from, to, size, shade } of jobs) {
    const svg = readFileSync(path.join(here, from), 'utf8').replace(
      '<svg ',
      `<svg width="${size}" height="${size}" style="display:block" `,
    );
    const drawn = shade === undefined ? svg : svg.replace(/stroke="#[0-9a-f]+"/, `stroke="#000" opacity="${shade}"`);
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(`<body style="margin:0">${drawn}</body>`);
    writeFileSync(path.join(here, to), await page.screenshot({ omitBackground: true }));
  }
} finally {
  await browser.close();
}
