// The web form in pages of others and on its own: one script without dependencies, dist/form.js. Runs after the pages.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  base: '/',
  publicDir: false,
  resolve: { alias: { '@': here('./src') } },
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022', // as the widget
    minify: true,
    lib: {
      entry: here('./src/form/index.ts'),
      formats: ['iife'],
      name: 'CordboardForm',
      fileName: () => 'form.js',
    },
  },
})
