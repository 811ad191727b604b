/**
 * Starts logkeep, or its demo, where Node can run its TypeScript; says in one line what to do where it
 * cannot.
 */

import { existsSync } from 'node:fs'

const nodeMajorMin = 26
const demo = process.argv[2] === 'demo'

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  const command = demo ? 'npm run demo' : 'npm start'
  console.error(
    `logkeep needs Node ${nodeMajorMin} or newer and this is ${process.versions.node}: ` +
      `run "npm ci && ${command}", which brings its own, or call node_modules/.bin/node start.mjs`,
  )
  process.exit(2)
}

// Settings may stand in a file beside this one; variables that are set already win.
const settingsFile = new URL('.env', import.meta.url)
if (!demo && existsSync(settingsFile)) process.loadEnvFile(settingsFile)

await import(demo ? './src/demo/main.ts' : './src/main.ts')
