/**
 * Starts logkeep where Node is new enough to run its TypeScript; says in one line what to do where it is not.
 */

const nodeMajorMin = 26

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    `logkeep needs Node ${nodeMajorMin} or newer and this is ${process.versions.node}: run "npm ci && npm start", ` +
      'which brings its own, or call node_modules/.bin/node start.mjs',
  )
  process.exit(2)
}

await import('./src/main.ts')
