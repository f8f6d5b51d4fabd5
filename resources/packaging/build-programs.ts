/**
 * `node resources/packaging/build-programs.ts cli|engine|ui...`: builds what a package needs to run under plain Node.
 *
 * out/cli/     the command line, with everything it needs in it, for Node 20 and newer. CommonJS: loading some of Node's own
 *              modules as ES modules costs more time than the rest of a command.
 * out/engine/  the headless engine and what else is loaded of it, for a package. Its dependencies stay outside.
 *
 * out/renderer/ the user interface.
 *
 * Programs are built aside and moved into place, the entry last: a command that starts meanwhile finds the old one or the new one.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { build } from 'vite';
import type { InlineConfig } from 'vite';
import { ENGINE_MODULES } from '../../electron/client/engine-program.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const COMMON: InlineConfig = { configFile: false, root: ROOT, logLevel: 'warn', publicDir: false };
const CLI: InlineConfig = {
  ...COMMON,
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20',
    minify: true,
    rolldownOptions: {
      input: path.join(ROOT, 'electron', 'cli.ts'),
      output: {
        format: 'cjs',
        entryFileNames: 'cli.cjs',
        chunkFileNames: '[name]-[hash].cjs',
      },
    },
  },
};
const ENGINE: InlineConfig = {
  ...COMMON,
  build: {
    ssr: true,
    target: 'node22',
    rolldownOptions: {
      input: Object.fromEntries(
        Object.entries(ENGINE_MODULES).map(([name, source]) => [name, path.join(ROOT, source)]),
      ),
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
};

async function make(name: 'cli' | 'engine', config: InlineConfig): Promise<void> {
  const outDir = path.join(ROOT, 'out', name);
  const aside = path.join(ROOT, 'out', `.${name}-${process.pid}`);
  const sources = new Set<string>();
  try {
    await build({
      ...config,
      build: { ...config.build, outDir: aside, emptyOutDir: true },
      plugins: [
        {
          name: 'note-sources',
          generateBundle() {
            for (const id of this.getModuleIds()) sources.add(id);
          },
        },
      ],
    });
    if (name === 'cli') fs.writeFileSync(path.join(aside, 'inputs.json'), JSON.stringify({ inputs: stampOf(sources) }));
    moveIntoPlace(aside, outDir);
  } finally {
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

/** What switchyard.cjs compares: [file, size, time of the last change], the installed packages by their lock file. */
function stampOf(sources: ReadonlySet<string>): [string, number, number][] {
  return ['package-lock.json', ...[...sources].map((id) => path.relative(ROOT, id))]
    .filter((file) => !file.startsWith('..') && !file.includes('node_modules') && fs.existsSync(path.join(ROOT, file)))
    .map((file) => {
      const { size, mtimeMs } = fs.statSync(path.join(ROOT, file));
      return [file, size, mtimeMs];
    });
}

/** Files whose name holds their hash first, then those with fixed names, which lead to them. */
function moveIntoPlace(from: string, to: string): void {
  fs.mkdirSync(to, { recursive: true });
  const isHashed = (file: string): boolean => /-[\w-]{8}\.c?js$/.test(file);
  const files = fs.readdirSync(from).sort((a, b) => Number(isHashed(b)) - Number(isHashed(a)));
  const before = fs.readdirSync(to);
  for (const file of files) fs.renameSync(path.join(from, file), path.join(to, file));
  for (const file of before)
    if (!files.includes(file)) fs.rmSync(path.join(to, file), { recursive: true, force: true });
}

const TARGETS: Readonly<Record<string, () => Promise<unknown>>> = {
  cli: () => make('cli', CLI),
  engine: () => make('engine', ENGINE),
  ui: () => build({ configFile: path.join(ROOT, 'renderer', 'vite.config.ts'), logLevel: 'warn' }),
};
const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.some((name) => TARGETS[name] === undefined)) {
  process.stderr.write(`Usage: node resources/packaging/build-programs.ts ${Object.keys(TARGETS).join('|')}...\n`);
  process.exitCode = 2;
} else for (const name of wanted) await TARGETS[name]?.();
