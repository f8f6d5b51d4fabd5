/** The frame: top bar, the chosen screen, status bar, and what floats above them. */
import { useEngine } from '../api/store.ts';
import { SettingsScreen } from '../features/settings/settings-screen.tsx';
import { TrialMenu } from '../ui/trial-menu.tsx';
import { useView } from '../ui/view-state.ts';
import { CommandPalette } from './command-palette.tsx';
import { Dialogs } from './dialogs.tsx';
import { ConnectionBanner, Notices } from './notices.tsx';
import { QueueScreen } from './queue-screen.tsx';
import { useShortcuts } from './shortcuts.tsx';
import { StatusBar } from './status-bar.tsx';
import { TopBar } from './top-bar.tsx';

export function Shell() {
  const screen = useView((state) => state.screen);
  const connection = useEngine((state) => state.connection);
  useShortcuts();
  return (
    <div className={`shell${connection === 'lost' ? ' lost' : ''}`}>
      <TopBar />
      <div className="banners">
        <ConnectionBanner />
        <Notices />
      </div>
      {connection === 'loading' ? <div className="loading" role="status">Reading the queue…</div> : screen === 'queue' ? <QueueScreen /> : <SettingsScreen />}
      <StatusBar />
      <section id="menus" aria-label="Menus" />
      <TrialMenu />
      <Dialogs />
      <CommandPalette />
    </div>
  );
}
