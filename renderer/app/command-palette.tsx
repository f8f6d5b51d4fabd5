/** Search over trials, and every command by name. */
import { Spotlight } from '@mantine/spotlight';
import { useState } from 'react';
import type { Trial } from '../../electron/contract/trials.ts';
import { useEngine } from '../api/store.ts';
import { formatParams } from '../ui/format.ts';
import { runAction, TRIAL_ACTIONS, trialsOf } from '../ui/trial-actions.ts';
import { stateTag } from '../ui/trial-text.tsx';
import { choosePool, goTo, inspect, openDialog, useView } from '../ui/view-state.ts';

const MAX_TRIALS = 30;

interface Command {
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly run: () => void;
}

export function CommandPalette() {
  const [query, setQuery] = useState('');
  // No transition: the palette can be opened again the moment it has closed.
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} lockScroll={false} transitionProps={{ duration: 0 }} shortcut={null} scrollable maxHeight={420} attributes={{ content: { 'aria-label': 'Search or run a command' } }} overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}>
      <Spotlight.Search placeholder="Search trials or run a command" aria-label="Search trials or run a command" />
      <Results query={query} />
    </Spotlight.Root>
  );
}

/** Only mounted while the palette is open: searching 10,000 trials costs nothing otherwise. */
function Results({ query }: { readonly query: string }) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const commands = useCommands().filter((command) => words.every((word) => command.label.toLowerCase().includes(word)));
  const trials = useFoundTrials(words);
  return (
    <Spotlight.ActionsList>
      {trials.length > 0 && (
        <Spotlight.ActionsGroup label="Trials">
          {trials.map((trial) => (
            <Spotlight.Action key={trial.id} label={`#${trial.id} ${trial.name}`} description={[stateTag(trial).text, formatParams(trial.hparams)].filter(Boolean).join(' · ')} onClick={() => { goTo('queue'); useView.setState({ poolId: trial.poolId }); inspect(trial.id); }} />
          ))}
        </Spotlight.ActionsGroup>
      )}
      {commands.length > 0 && (
        <Spotlight.ActionsGroup label="Commands">
          {commands.map((command) => <Spotlight.Action key={command.id} label={command.label} description={command.description} onClick={command.run} />)}
        </Spotlight.ActionsGroup>
      )}
      {commands.length === 0 && trials.length === 0 && <Spotlight.Empty>Nothing found</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
}

function useFoundTrials(words: readonly string[]): Trial[] {
  const table = useEngine((state) => state.trials);
  if (words.length === 0) return [];
  const found: Trial[] = [];
  for (const trial of table.byId.values()) {
    const text = `#${trial.id} ${trial.name} ${trial.labels.join(' ')} ${trial.state} ${trial.outcome?.kind ?? ''}`.toLowerCase();
    if (words.every((word) => text.includes(word))) found.push(trial);
    if (found.length === MAX_TRIALS) break;
  }
  return found;
}

function useCommands(): Command[] {
  const pools = useEngine((state) => state.pools);
  const selection = useView((state) => state.selection);
  const trials = trialsOf(selection);
  const about = trials.length === 0 ? '' : trials.length === 1 ? `#${trials[0]!.id} ${trials[0]!.name}` : `${trials.length} trials`;
  return [
    ...TRIAL_ACTIONS.filter((action) => action.applies(trials)).map((action): Command => ({ id: action.id, label: action.label, description: about, run: () => void runAction(action.id, trials) })),
    { id: 'new', label: 'New experiment', run: () => openDialog({ kind: 'submit' }) },
    { id: 'queue', label: 'Go to the queue', run: () => goTo('queue') },
    { id: 'settings', label: 'Go to settings', run: () => goTo('settings') },
    { id: 'keys', label: 'Show keyboard shortcuts', run: () => openDialog({ kind: 'shortcuts' }) },
    ...pools.flatMap((pool): Command[] => [
      { id: `pool-${pool.id}`, label: `Show pool ${pool.name}`, run: () => { goTo('queue'); choosePool(pool.id); } },
      { id: `pool-settings-${pool.id}`, label: `Settings of pool ${pool.name}`, run: () => openDialog({ kind: 'pool-settings', poolId: pool.id }) },
    ]),
  ];
}
