/**
 * Opens a login link in the user's browser. Arguments of a process can be read by every user of the machine, so the
 * link itself never becomes one: the browser is given a private file that leads to it.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { writePrivateFile } from './private-file.ts';

/** @returns the page that leads to `url`; the URL is one we made, but is escaped all the same */
export function redirectPage(url: string): string {
  const escaped = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return (
    `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" ` +
    `content="0;url=${escaped}"><title>Switchyard</title><a href="${escaped}">Open Switchyard</a>`
  );
}

/** @returns program and arguments that open a file URL on this platform */
export function openerCommand(
  platform: NodeJS.Platform,
  fileUrl: string,
): { readonly program: string; readonly args: readonly string[] } {
  if (platform === 'darwin') return { program: 'open', args: [fileUrl] };
  if (platform === 'win32') return { program: 'rundll32', args: ['url.dll,FileProtocolHandler', fileUrl] };
  return { program: 'xdg-open', args: [fileUrl] };
}

/**
 * @param dataDir absolute; the file in it is open.html, mode 0600, useless after the token's five minutes
 * @returns whether a browser was started (not whether it showed the page)
 */
export async function openInBrowser(url: string, dataDir: string): Promise<boolean> {
  const file = path.join(dataDir, 'open.html');
  writePrivateFile(file, redirectPage(url));
  const { program, args } = openerCommand(process.platform, pathToFileURL(file).href);
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
