// Three pages, served by the engine at /console, /wallboard and /demo; their files at /assets.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const engine = process.env['CORDBOARD_ENGINE'] ?? 'http://127.0.0.1:8080'
const pages = ['console', 'wallboard', 'demo'].filter((page) => existsSync(here(`./${page}.html`)))

/** Serve /console as console.html in development, as the engine does. */
function pageAddresses(): Plugin {
  return {
    name: 'page-addresses',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const path = request.url?.split('?')[0]?.slice(1) ?? ''
        if (pages.includes(path)) request.url = `/${path}.html`
        next()
      })
    },
  }
}

export default defineConfig({
  base: '/',
  plugins: [vue(), pageAddresses()],
  resolve: { alias: { '@': here('./src') } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
    __INTLIFY_DROP_MESSAGE_COMPILER__: 'false',
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: Object.fromEntries(pages.map((page) => [page, here(`./${page}.html`)])),
    },
  },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: engine, ws: true },
      '/chat': { target: engine, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    restoreMocks: true,
  },
})
