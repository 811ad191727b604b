/**
 * Builds the web page into `dist/page`: `npm run build:page`. Nothing stands inline in the document, which
 * keeps to its Content-Security-Policy; all addresses are relative, to work behind a path prefix.
 */

import { join } from 'node:path'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  build: {
    outDir: join(import.meta.dirname, '../dist/page'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  // For `npx vite page` while working on it: the server at its usual place answers the questions.
  server: {
    proxy: Object.fromEntries(
      ['/logs', '/streams', '/files', '/readyz', '/metrics', '/session'].map((path) => [
        path,
        { target: 'http://127.0.0.1:8080', ws: true },
      ]),
    ),
  },
})
