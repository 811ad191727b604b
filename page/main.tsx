/** Starts the page. */

import { render } from 'preact'
import { createStore } from './state/store.ts'
import './style/theme.css'
import './style/layout.css'
import './style/controls.css'
import './style/lines.css'
import './style/panels.css'
import './style/ansi.css'
import './style/narrow.css'
import { App } from './view/app.tsx'
import { StoreContext } from './view/store-context.ts'

/** Room for the tree beside the lines. */
const wideMin = '(min-width: 900px)'

const root = document.getElementById('page')
if (root !== null) {
  const store = createStore(matchMedia(wideMin).matches)
  root.replaceChildren()
  render(
    <StoreContext.Provider value={store}>
      <App />
    </StoreContext.Provider>,
    root,
  )
}
