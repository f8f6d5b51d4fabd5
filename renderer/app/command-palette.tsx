/** Search over trials, and every command by name. */
import { Spotlight } from '@mantine/spotlight';
import { useEffect, useState } from 'react';
import type { Trial } from '../../electron/contract/trials.ts';
import { api } from '../api/client.ts';
import { useEngine } from '../api/store.ts';
import { toApiError } from '../api/problem.ts';
import { useDrawnScheme } from '../ui/drawn-scheme.ts';
import { poolAction, runExample, saveSettings } from '../shared/engine-actions.ts';
import { formatParams, plural } from '../ui/format.ts';
import { undoLast } from '../shared/toasts.tsx';
import { TRIAL_ACTIONS } from '../shared/action-table.ts';
import { showTrial } from '../shared/show-trial.ts';
import { runAction, trialsOf } from '../shared/trial-actions.ts';
import { stateTag } from '../shared/trial-text.tsx';
import { askDoctor, choosePool, goTo, openDialog, toggleArchived, useView } from '../shared/view-state.ts';

const MAX_TRIALS = 30;
const TYPING_MS = 150;

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
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      shortcut={null}
      scrollable
      maxHeight={420}
      attributes={{ content: { 'aria-label': 'Search or run a command' } }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
    >
      <Spotlight.Search placeholder="Search trials or run a command" aria-label="Search trials or run a command" />
      <Results query={query} />
    </Spotlight.Root>
  );
}

/** Only mounted while the palette is open: searching 10,000 trials costs nothing otherwise. */
function Results({ query }: { readonly query: string }) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const commands = useCommands().filter((command) => words.every((word) => command.label.toLowerCase().includes(word)));
  const shown = useFoundTrials(words);
  const { found, hint } = useFoundOnEngine(query.trim());
  const trials = [...shown, ...found.filter((trial) => !shown.some(({ id }) => id === trial.id))].slice(0, MAX_TRIALS);
  return (
    <Spotlight.ActionsList>
      {trials.length > 0 && (
        <Spotlight.ActionsGroup label="Trials">
          {trials.map((trial) => (
            <Spotlight.Action
              key={trial.id}
              label={`#${trial.id} ${trial.name}`}
              description={[stateTag(trial).text, trial.labels.join(', '), formatParams(trial.hparams)]
                .filter(Boolean)
                .join(' · ')}
              onClick={() => showTrial(trial)}
            />
          ))}
        </Spotlight.ActionsGroup>
      )}
      {commands.length > 0 && (
        <Spotlight.ActionsGroup label="Commands">
          {commands.map((command) => (
            <Spotlight.Action
              key={command.id}
              label={command.label}
              description={command.description}
              onClick={command.run}
            />
          ))}
        </Spotlight.ActionsGroup>
      )}
      {commands.length === 0 && trials.length === 0 && <Spotlight.Empty>{hint ?? 'Nothing found'}</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
}

/** Older trials too, by name, label, parameter, state and date; `hint` tells what is wrong with a question. */
function useFoundOnEngine(query: string): { readonly found: readonly Trial[]; readonly hint: string | null } {
  const [answer, setAnswer] = useState<{ readonly found: readonly Trial[]; readonly hint: string | null }>({
    found: [],
    hint: null,
  });
  useEffect(() => {
    setAnswer({ found: [], hint: null });
    if (query === '') return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.listTrials({ search: query, archived: 'all', limit: MAX_TRIALS }, abort.signal).then(
        ({ trials }) => setAnswer({ found: trials, hint: null }),
        (error: unknown) => {
          const { code, message, remedy = '' } = toApiError(error);
          if (code === 'invalid_search') setAnswer({ found: [], hint: `${message} ${remedy}` });
        },
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query]);
  return answer;
}

function useFoundTrials(words: readonly string[]): Trial[] {
  const table = useEngine((state) => state.trials);
  if (words.length === 0) return [];
  const found: Trial[] = [];
  for (const trial of table.byId.values()) {
    const text =
      `#${trial.id} ${trial.name} ${trial.labels.join(' ')} ${formatParams(trial.hparams)} ${trial.state} ${trial.outcome?.kind ?? ''}`.toLowerCase();
    if (words.every((word) => text.includes(word))) found.push(trial);
    if (found.length === MAX_TRIALS) break;
  }
  return found;
}

function useCommands(): Command[] {
  const pools = useEngine((state) => state.pools);
  const selection = useView((state) => state.selection);
  const poolId = useView((state) => state.poolId);
  const showArchived = useView((state) => state.showArchived);
  const table = useEngine((state) => state.trials);
  const scheme = useDrawnScheme();
  const trials = trialsOf(selection);
  const shownPoolId = poolId ?? pools[0]?.id;
  const finished = [...table.byId.values()].filter(
    (trial) => trial.state === 'done' && !trial.archived && trial.poolId === shownPoolId,
  );
  const archived = [...table.byId.values()].filter((trial) => trial.archived && trial.poolId === shownPoolId).length;
  const about =
    trials.length === 0 ? '' : trials.length === 1 ? `#${trials[0]!.id} ${trials[0]!.name}` : `${trials.length} trials`;
  return [
    ...TRIAL_ACTIONS.filter((action) => action.applies(trials)).map((action): Command => ({
      id: action.id,
      label: action.label,
      description: about,
      run: () => void runAction(action.id, trials),
    })),
    { id: 'new', label: 'New experiment', run: () => openDialog({ kind: 'submit' }) },
    { id: 'queue', label: 'Go to the queue', run: () => goTo('queue') },
    { id: 'experiments', label: 'Go to the experiments', run: () => goTo('experiments') },
    { id: 'finished', label: 'Go to the finished trials', run: () => goTo('finished') },
    { id: 'cloud', label: 'Go to the cloud: accounts, machines and money', run: () => goTo('cloud') },
    { id: 'settings', label: 'Go to settings', run: () => goTo('settings') },
    { id: 'doctor', label: 'Run the doctor', run: askDoctor },
    { id: 'example', label: 'Run the example', run: () => void runExample() },
    {
      id: 'theme',
      label: `Switch theme to ${scheme === 'dark' ? 'light' : 'dark'}`,
      run: () => saveSettings({ theme: scheme === 'dark' ? 'light' : 'dark' }),
    },
    { id: 'undo', label: 'Undo what was done last', run: () => void undoLast() },
    ...(finished.length > 0
      ? [
          {
            id: 'archive-all',
            label: 'Archive all finished',
            description: plural(finished.length, 'trial'),
            run: () => void runAction('archive', finished),
          },
        ]
      : []),
    ...(archived > 0
      ? [
          {
            id: 'archived',
            label: `${showArchived ? 'Hide' : 'Show'} archived`,
            description: plural(archived, 'trial'),
            run: () => {
              goTo('queue');
              toggleArchived();
            },
          },
        ]
      : []),
    { id: 'keys', label: 'Show keyboard shortcuts', run: () => openDialog({ kind: 'shortcuts' }) },
    ...pools.flatMap((pool): Command[] => [
      {
        id: `pool-${pool.id}`,
        label: `Show pool ${pool.name}`,
        run: () => {
          goTo('queue');
          choosePool(pool.id);
        },
      },
      pool.state === 'open'
        ? { id: `pool-pause-${pool.id}`, label: `Pause pool ${pool.name}`, run: () => void poolAction(pool, 'pause') }
        : {
            id: `pool-resume-${pool.id}`,
            label: `Resume pool ${pool.name}`,
            run: () => void poolAction(pool, 'resume'),
          },
      {
        id: `pool-settings-${pool.id}`,
        label: `Settings of pool ${pool.name}`,
        run: () => openDialog({ kind: 'pool-settings', poolId: pool.id }),
      },
    ]),
  ];
}
