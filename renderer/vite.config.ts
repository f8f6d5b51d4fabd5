/** How the UI is built: one bundle with relative addresses, served over http and on the desktop's private scheme alike. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    target: 'chrome140',
    minify: true,
    // Fonts and images stay files: the page's policy allows data: for images only.
    assetsInlineLimit: 0,
    // The preload helper would be an inline decision; every browser we serve knows modulepreload.
    modulePreload: { polyfill: false },
    outDir: '../out/renderer',
    emptyOutDir: true,
  },
});
