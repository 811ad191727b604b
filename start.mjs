/**
 * Starts logkeep, or its demo, where Node can run its TypeScript; says in one line what to do where it
 * cannot.
 */

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

await import(demo ? './src/demo/main.ts' : './src/main.ts')
