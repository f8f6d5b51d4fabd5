/**
 * Draws the PNG files of this directory from its SVG files, in Chromium:
 *   node resources/icons/render.mjs [path of a Chromium]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { chromium } from '@playwright/test';

const here = import.meta.dirname;
const jobs = [
  ...[16, 32, 48, 64, 128, 256, 512].map((size) => ({ from: 'mark.svg', to: `app/${size}x${size}.png`, size })),
  ...['idle', 'busy'].flatMap((state) => [
    { from: `tray-${state}.svg`, to: `tray-${state}.png`, size: 24 },
    { from: `tray-${state}.svg`, to: `tray-${state}@2x.png`, size: 48 },
  ]),
];

const [executablePath] = process.argv.slice(2);
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  const page = await browser.newPage();
  for (const { from, to, size } of jobs) {
    const svg = readFileSync(path.join(here, from), 'utf8').replace(
      '<svg ',
      `<svg width="${size}" height="${size}" style="display:block" `,
    );
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(`<body style="margin:0">${svg}</body>`);
    writeFileSync(path.join(here, to), await page.screenshot({ omitBackground: true }));
  }
} finally {
  await browser.close();
}
