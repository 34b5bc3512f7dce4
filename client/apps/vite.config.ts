import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds the server that it hands `/api` and `/ws` to. */
const server = 'http://127.0.0.1:8080'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwind()],
  // Two copies of Yjs in one page refuse each other's types.
  resolve: { dedupe: ['yjs', 'y-protocols', 'lib0', 'react', 'react-dom'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome125', 'firefox129', 'safari17.5'],
    // What a page waits for is one file: in pieces it would be larger and come later. A test holds its compressed size.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }] } } },
    chunkSizeWarningLimit: 640
  },
  server: { proxy: { '/api': server, '/ws': { target: server, ws: true } } }
})
