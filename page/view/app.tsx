/** The page as a whole: what is shown, and where. */

import { useEffect } from 'preact/hooks'
import { CollectorPage } from './collector-page.tsx'
import { DownloadDialog } from './download-dialog.tsx'
import { FilterBar } from './filter-bar.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { HistogramPanel } from './histogram-panel.tsx'
import { JumpDialog } from './jump-dialog.tsx'
import { bindKeyboard } from './keyboard.ts'
import { LineList } from './line-list.tsx'
import { RangeDialog } from './range-dialog.tsx'
import { SignIn } from './sign-in.tsx'
import { StatisticsPanel } from './statistics-panel.tsx'
import { StatusBar } from './status-bar.tsx'
import { useStore } from './store-context.ts'
import { StreamTree } from './stream-tree.tsx'
import { TopBar } from './top-bar.tsx'

export function App() {
  const store = useStore()
  const { address, preferences, session } = store
  useEffect(() => bindKeyboard(store), [store])
  if (session.refusal.value !== null) return <SignIn refusal={session.refusal.value} />
  const isCollector = address.view.value.view === 'collector'
  return (
    <div class="app">
      <TopBar />
      {isCollector ? (
        <CollectorPage />
      ) : (
        <main class="main">
          {preferences.tree.value && <StreamTree />}
          <div class="content">
            <FilterBar />
            {preferences.histogram.value && <HistogramPanel />}
            <LineList />
            <StatusBar />
          </div>
          {preferences.statistics.value && <StatisticsPanel />}
        </main>
      )}
      <JumpDialog />
      <RangeDialog />
      <DownloadDialog />
      <HelpDialog />
      <p class="visually-hidden" role="status">
        {store.message.value}
      </p>
    </div>
  )
}
