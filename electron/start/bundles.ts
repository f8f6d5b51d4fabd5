/**
 * Builds what is older than its sources: the UI for the headless engine, main, preload and UI for the window, and the command line.
 * A stamp next to each bundle holds the hash of the sources it was made from; contents count, not dates.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export type Bundle = 'ui' | 'desktop' | 'cli';

interface Recipe {
  /** Files and folders it is made from, relative to the root. */
  readonly sources: readonly string[];
  /** A file that is there once it was built. */
  readonly product: string;
  readonly script: string;
  readonly args: readonly string[];
}

const COMMON = ['package.json', 'package-lock.json', 'renderer', 'electron/contract'];

const RECIPES: Readonly<Record<Bundle, Recipe>> = {
  ui: {
    sources: COMMON,
    product: 'out/renderer/index.html',
    script: 'node_modules/vite/bin/vite.js',
    args: ['build', 'renderer', '--config', 'renderer/vite.config.ts', '--logLevel', 'warn'],
  },
  desktop: {
    sources: [...COMMON, 'electron', 'native', 'electron.vite.config.ts'],
    product: 'out/main/boot.js',
    script: 'node_modules/electron-vite/bin/electron-vite.js',
    args: ['build', '--logLevel', 'warn'],
  },
  cli: {
    sources: ['package-lock.json', 'electron', 'native', 'resources/packaging'],
    product: 'out/cli/cli.cjs',
    script: 'resources/packaging/build-programs.ts',
    args: ['cli'],
  },
};

const BUILD_TIMEOUT_MS = 5 * 60_000;

export type BuildResult =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'built'; readonly seconds: number }
  | { readonly kind: 'stale'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * @param root the project's folder
 * @param announce told once, before a build starts
 * @returns `stale` when building failed but an older bundle is there to go on with
 */
export async function ensureBundle(root: string, bundle: Bundle, announce: () => void): Promise<BuildResult> {
  const recipe = RECIPES[bundle];
  const hash = hashSources(root, recipe.sources);
  const isBuilt = fs.existsSync(path.join(root, recipe.product));
  if (isBuilt && readOrNull(stampOf(root, bundle)) === hash) return { kind: 'fresh' };
  return build(root, bundle, hash, isBuilt, announce);
}

/** Builds it whatever the stamp says. @returns whether there is one that fits the sources now */
export async function rebuild(root: string, bundle: Bundle): Promise<boolean> {
  const hash = hashSources(root, RECIPES[bundle].sources);
  return (await build(root, bundle, hash, false, () => undefined)).kind === 'built';
}

function stampOf(root: string, bundle: Bundle): string {
  return path.join(root, 'out', `.${bundle}-sources`);
}

async function build(
  root: string,
  bundle: Bundle,
  hash: string,
  isBuilt: boolean,
  announce: () => void,
): Promise<BuildResult> {
  const recipe = RECIPES[bundle];
  const give = (why: string): BuildResult => ({ kind: isBuilt ? 'stale' : 'failed', why });
  const script = path.join(root, recipe.script);
  if (!fs.existsSync(script)) return give('the build tools are not installed; run "npm ci" in the project folder');
  announce();
  const startedAt = performance.now();
  const { ok, output } = await run(root, [script, ...recipe.args]);
  if (!ok) return give(output.trim());
  fs.mkdirSync(path.join(root, 'out'), { recursive: true });
  fs.writeFileSync(stampOf(root, bundle), hash);
  // The window's build makes the UI as well.
  if (bundle === 'desktop') fs.writeFileSync(stampOf(root, 'ui'), hashSources(root, RECIPES.ui.sources));
  return { kind: 'built', seconds: (performance.now() - startedAt) / 1000 };
}

/** @returns SHA-256 over names and contents of all files, hex */
export function hashSources(root: string, sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const source of sources) {
    const top = path.join(root, source);
    const found = fs.statSync(top, { throwIfNoEntry: false });
    if (found === undefined) continue;
    const files = found.isDirectory()
      ? fs
          .readdirSync(top, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => path.join(entry.parentPath, entry.name))
          .sort()
      : [top];
    for (const file of files) {
      const content = fs.readFileSync(file);
      hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

function readOrNull(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function run(root: string, argv: readonly string[]): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
