import { fileURLToPath } from 'node:url'
import type { UserConfig } from 'vite'

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The console as a few files with names that stay: browsers ask by ETag whether they have the newest. */
export default {
  root: pathOf('.'),
  // Whatever the console loads lies beside it.
  base: './',
  logLevel: 'warn',
  publicDir: false,
  build: {
    outDir: pathOf('../dist/console/'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    // A picture within a stylesheet is a file of its own too.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: pathOf('./console.tsx'),
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name].js',
        assetFileNames: 'console[extname]',
      },
    },
  },
} satisfies UserConfig
