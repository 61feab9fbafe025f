import react from '@vitejs/plugin-react';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The console itself, the page of one-time links and the token checker.
const pages = ['index', 'share', 'check'].filter((page) => existsSync(here(`./${page}.html`)));

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': here('./src'), '@locale': here('../locale') } },
  // The keeper puts a nonce of each answer's own in the place of this word.
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2022',
    // The policy allows no data: or inlined script; every asset is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    sourcemap: false,
    // tools/first-load.mjs counts what matters: compressed, at the first visit.
    chunkSizeWarningLimit: 1000,
    rollupOptions: { input: Object.fromEntries(pages.map((page) => [page, here(`./${page}.html`)])) },
  },
});
