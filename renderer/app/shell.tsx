/** The frame: top bar, the chosen screen, status bar, and what floats above them. */
import { useEffect } from 'react';
import { useEngine } from '../api/store.ts';
import { CloudScreen } from '../features/cloud/cloud-screen.tsx';
import { SettingsScreen } from '../features/settings/settings-screen.tsx';
import { TrialMenu } from './trial-menu.tsx';
import { useView } from '../shared/view-state.ts';
import { CommandPalette } from './command-palette.tsx';
import { Dialogs } from './dialogs.tsx';
import { ConnectionBanner, Notices } from './notices.tsx';
import { ExperimentsScreen } from './experiments-screen.tsx';
import { FinishedScreen } from './finished-screen.tsx';
import { QueueScreen } from './queue-screen.tsx';
import { useShortcuts } from './shortcuts.tsx';
import { StatusBar } from './status-bar.tsx';
import { TopBar } from './top-bar.tsx';

/** "2 running, 14 queued": what one wants to see of a tab in the background. */
function useTitle(): void {
  const table = useEngine((state) => state.trials);
  useEffect(() => {
    let running = 0;
    let queued = 0;
    for (const trial of table.byId.values()) {
      if (trial.state === 'queued') queued += 1;
      else if (trial.state !== 'paused' && trial.state !== 'done') running += 1;
    }
    document.title = running + queued === 0 ? 'Switchyard' : `${running} running, ${queued} queued · Switchyard`;
  }, [table]);
}

export function Shell() {
  const screen = useView((state) => state.screen);
  const connection = useEngine((state) => state.connection);
  const isStarting = useEngine((state) => state.isStarting);
  useShortcuts();
  useTitle();
  return (
    <div className={`shell${connection === 'lost' ? ' lost' : ''}`}>
      <TopBar />
      <div className="banners">
        <ConnectionBanner />
        <Notices />
      </div>
      {connection === 'loading' ? (
        <div className="loading" role="status">
          {isStarting ? 'The engine is starting…' : 'Reading the queue…'}
        </div>
      ) : screen === 'queue' ? (
        <QueueScreen />
      ) : screen === 'experiments' ? (
        <ExperimentsScreen />
      ) : screen === 'finished' ? (
        <FinishedScreen />
      ) : screen === 'cloud' ? (
        <CloudScreen />
      ) : (
        <SettingsScreen />
      )}
      <StatusBar />
      <section id="menus" aria-label="Menus" />
      <TrialMenu />
      <Dialogs />
      <CommandPalette />
    </div>
  );
}
