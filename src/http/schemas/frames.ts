/** The frames of a live tail, each one WebSocket message of JSON. */

import { cursor, entry } from './entries.ts'
import { errorMembers } from './errors.ts'
import { arrayOf, component, object, oneOfTexts, ref, textOf } from './schema.ts'

const place = { cursor: ref(cursor) }

const entriesFrame = component(
  'EntriesFrame',
  'Entries in the order of their arrival; the first frame has what was there before.',
  object(
    { type: oneOfTexts(['entries']), entries: arrayOf(ref(entry)), ...place },
    { warnings: arrayOf({ type: 'string' }, 'In the first frame alone, where there are any.') },
  ),
)
const gapFrame = component(
  'GapFrame',
  'Something was skipped for this client; the cursor is the place before it.',
  object({ type: oneOfTexts(['gap']), message: textOf(), ...place }),
)
const pingFrame = component(
  'PingFrame',
  'Every 15 s. The answer is `{"type":"pong"}`, or any answer to the ping of WebSocket itself.',
  object({ type: oneOfTexts(['ping']), ...place }),
)
const errorFrame = component(
  'ErrorFrame',
  'What went wrong; then the connection is closed.',
  object({ type: oneOfTexts(['error']), ...errorMembers, ...place }),
)
const endFrame = component(
  'EndFrame',
  'The tail ends here; another may go on with the cursor.',
  object({ type: oneOfTexts(['end']), reason: textOf(), ...place }),
)

export const tailFrame = component('TailFrame', 'Each message of a tail is one of these.', {
  oneOf: [ref(entriesFrame), ref(gapFrame), ref(pingFrame), ref(errorFrame), ref(endFrame)],
})

export const components = [entriesFrame, gapFrame, pingFrame, errorFrame, endFrame, tailFrame]
