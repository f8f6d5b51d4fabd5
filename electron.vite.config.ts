/** `npm run build`: the desktop's main process, its preload, and the user interface that all shells share. Needs no Electron binary. */
import path from 'node:path';
import { defineConfig } from 'electron-vite';
import renderer from './renderer/vite.config.ts';

const at = (...parts: string[]) => path.join(import.meta.dirname, ...parts);

export default defineConfig({
  main: {
    build: {
      outDir: at('out', 'main'),
      // What package.json lists as dependencies stays outside, native modules first of all.
      externalizeDeps: true,
      // All files in one folder: the engine finds its resources relative to where it lies.
      rolldownOptions: {
        input: { boot: at('electron', 'boot.ts'), 'engine-process': at('electron', 'engine-process.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
      sourcemap: true,
    },
  },
  preload: {
    build: {
      outDir: at('out', 'preload'),
      externalizeDeps: false,
      // A sandboxed preload is one CommonJS file.
      rolldownOptions: {
        input: at('electron', 'desktop', 'preload.ts'),
        output: { format: 'cjs', entryFileNames: 'preload.cjs' },
      },
    },
  },
  // Said again, because this file is bundled with the other and import.meta.dirname is this one's.
  renderer: {
    ...renderer,
    root: at('renderer'),
    build: {
      ...renderer.build,
      outDir: at('out', 'renderer'),
      rolldownOptions: { input: at('renderer', 'index.html') },
    },
  },
});
