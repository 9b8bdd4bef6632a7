import vue from '@vitejs/plugin-vue'
import components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'

// Old desks run Chromium 86; nothing newer may be needed.
export default defineConfig({
  plugins: [vue(), components({ resolvers: [ElementPlusResolver()], dts: false })],
  base: '/',
  build: { target: 'chrome86', assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
  // What needs a page says so in its first line; one takes longer to make than most tests.
  test: { environment: 'node', pool: 'threads', include: ['src/**/*.test.ts'] },
})
