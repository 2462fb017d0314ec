import { defineConfig } from 'vite'

/** The script that a hospital's own pages load: one file with a fixed name, beside the built chat page. */
export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2020',
    emptyOutDir: false,
    lib: { entry: 'src/widget/widget.ts', formats: ['iife'], name: 'HuifangChat', fileName: () => 'widget.js' },
  },
})
