/** Electron's binary: where it is, and fetching it at first use (the npm package comes without it). */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const DOWNLOAD_TIMEOUT_MS = 120_000;

export type FoundElectron =
  { readonly kind: 'found'; readonly file: string } | { readonly kind: 'missing'; readonly why: string };

/**
 * @param root the project's folder
 * @param announce told once, before a download starts
 */
export async function provideElectron(root: string, announce: () => void): Promise<FoundElectron> {
  const installer = path.join(electronFolder(root), 'install.js');
  if (!fs.existsSync(installer)) return { kind: 'missing', why: 'Electron is not installed' };
  const there = findElectron(root);
  if (there !== null) return { kind: 'found', file: there };
  announce();
  const why = await download(installer);
  const fetched = findElectron(root);
  if (fetched !== null) return { kind: 'found', file: fetched };
  return { kind: 'missing', why: `Electron could not be downloaded (${why})` };
}

function electronFolder(root: string): string {
  return path.join(root, 'node_modules', 'electron');
}

/** @returns the binary that is already there; null without fetching anything */
export function findElectron(root: string): string | null {
  const folder = electronFolder(root);
  try {
    const name = fs.readFileSync(path.join(folder, 'path.txt'), 'utf8').trim();
    const file = path.join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(folder, 'dist'), name);
    return fs.existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

/** @returns the reason in a few words when it ended without success */
function download(script: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: DOWNLOAD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString('utf8')).slice(-10_000);
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(`gave up after ${DOWNLOAD_TIMEOUT_MS / 1000} s`);
      else resolve(firstErrorLine(errors));
    });
  });
}

/** A stack trace tells a user nothing beyond its first line. */
function firstErrorLine(text: string): string {
  const line =
    text.split('\n').find((one) => /error|ENOTFOUND|ECONN|EAI_AGAIN|status/i.test(one)) ?? text.split('\n')[0] ?? '';
  return line.trim().slice(0, 200) || 'no reason given';
}
