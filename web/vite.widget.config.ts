// The customer's widget: one script without dependencies, dist/widget.js. Runs after the pages.
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
    target: 'es2022', // private names stay short: 1 KiB less than es2020
    minify: true,
    lib: {
      entry: here('./src/widget/index.ts'),
      formats: ['iife'],
      name: 'CordboardWidget',
      fileName: () => 'widget.js',
    },
  },
})
