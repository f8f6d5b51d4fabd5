/** Electron's binary: where it is, and fetching it at first use (the npm package comes without it). */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A line on which nothing comes for so long is dead. */
const SILENCE_MS = 60_000;
const LOOKS = 20;

export type FoundElectron =
  { readonly kind: 'found'; readonly file: string } | { readonly kind: 'missing'; readonly why: string };

/**
 * @param root the project's folder
 * @param announce told once, before a download starts
 */
export async function provideElectron(
  root: string,
  announce: () => void,
  silenceMs: number = SILENCE_MS,
): Promise<FoundElectron> {
  const there = findElectron(root);
  if (there !== null) return { kind: 'found', file: there };
  const own = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (own) return { kind: 'missing', why: `ELECTRON_OVERRIDE_DIST_PATH names ${own}, where no Electron is` };
  const installer = path.join(electronFolder(root), 'install.js');
  if (!fs.existsSync(installer)) return { kind: 'missing', why: 'Electron is not installed' };
  announce();
  const why = await download(installer, silenceMs);
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
  const own = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const file = path.join(own || path.join(folder, 'dist'), readOrNull(path.join(folder, 'path.txt')) ?? usualName());
  return fs.existsSync(file) ? file : null;
}

/** Where Electron's own installer has not been there to say it. */
function usualName(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}

function readOrNull(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/**
 * As long as something comes it goes on: some hundred MiB take their time on a slow line.
 * @returns the reason in a few words when it ended without success
 */
function download(script: string, silenceMs: number): Promise<string> {
  // A folder of its own, whose growth shows that something comes.
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-electron-'));
  return new Promise<string>((resolve) => {
    const child = spawn(process.execPath, [script], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...proxySwitch(process.env), TMPDIR: temporary, TEMP: temporary, TMP: temporary },
    });
    let errors = '';
    let gaveUp = false;
    let lastBytes = -1;
    let quietMs = 0;
    const watch = setInterval(() => {
      const bytes = sizeOf(temporary);
      quietMs = bytes === lastBytes ? quietMs + silenceMs / LOOKS : 0;
      lastBytes = bytes;
      if (quietMs < silenceMs) return;
      gaveUp = true;
      child.kill('SIGKILL');
    }, silenceMs / LOOKS);
    const settle = (why: string): void => {
      clearInterval(watch);
      resolve(why);
    };
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString('utf8')).slice(-10_000);
    });
    child.on('error', (error) => settle(error.message));
    child.on('close', () => settle(gaveUp ? `nothing came for ${silenceMs / 1000} s` : firstErrorLine(errors)));
  }).finally(() => fs.rmSync(temporary, { recursive: true, force: true }));
}

/** Electron's installer looks at the proxy that everything else uses only when it is told to. */
function proxySwitch(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
  return names.some((name) => Boolean(env[name])) ? { ELECTRON_GET_USE_PROXY: 'true' } : {};
}

/** @returns bytes of all files in a folder that changes meanwhile */
function sizeOf(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) bytes += fs.statSync(path.join(entry.parentPath, entry.name)).size;
  } catch {
    // Something was moved away under the look.
  }
  return bytes;
}

/** A stack trace tells a user nothing beyond its first line. */
function firstErrorLine(text: string): string {
  const line =
    text.split('\n').find((one) => /error|ENOTFOUND|ECONN|EAI_AGAIN|status/i.test(one)) ?? text.split('\n')[0] ?? '';
  return line.trim().slice(0, 200) || 'no reason given';
}
