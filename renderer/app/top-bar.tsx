/** Logo, places, search, and the one thing one comes to do. */
import { spotlight } from '@mantine/spotlight';
import { shell } from '../api/shell.ts';
import { Button } from '../ui/button.tsx';
import { Logo } from '../ui/pieces.tsx';
import { goTo, openDialog, useView } from '../shared/view-state.ts';
import type { Screen } from '../shared/view-state.ts';

const PLACES: readonly { readonly screen: Screen; readonly label: string }[] = [
  { screen: 'queue', label: 'Queue' },
  { screen: 'experiments', label: 'Experiments' },
  { screen: 'finished', label: 'Finished' },
  { screen: 'cloud', label: 'Cloud' },
  { screen: 'settings', label: 'Settings' },
];

export function TopBar() {
  const screen = useView((state) => state.screen);
  return (
    <section className="top-bar" aria-label="Top bar">
      <span className="brand">
        <Logo />
        Switchyard
      </span>
      <nav aria-label="Places">
        {PLACES.map((place) => (
          <button
            key={place.screen}
            type="button"
            className="place"
            aria-current={screen === place.screen ? 'page' : undefined}
            onClick={() => goTo(place.screen)}
          >
            {place.label}
          </button>
        ))}
      </nav>
      <span className="grow" />
      <button type="button" className="search" onClick={() => spotlight.open()}>
        <span>Search or run a command</span>
        <kbd>{shell.platform === 'darwin' ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      <Button tone="primary" onClick={() => openDialog({ kind: 'submit' })}>
        New experiment
      </Button>
    </section>
  );
}
