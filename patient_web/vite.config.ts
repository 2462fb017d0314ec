import vue from '@vitejs/plugin-vue'
import { fileURLToPath, URL } from 'node:url'
import { defineConfig } from 'vitest/config'

const api = process.env.HUIFANG_API ?? 'http://127.0.0.1:8600'

export default defineConfig({
  base: '/chat/',
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { port: 5174, proxy: { '/api': { target: api, ws: true } } },
  build: { target: 'es2020', chunkSizeWarningLimit: 200 },
  test: { environment: 'happy-dom', include: ['tests/unit/**/*.test.ts'] },
})
