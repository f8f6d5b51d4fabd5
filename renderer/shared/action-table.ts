/**
 * Every action on trials: its words, its key, and to which selections it applies. Pure.
 * The row menu, the action bar, the inspector, the palette and the shortcuts all come from here.
 */
import type { Trial } from '../../electron/contract/trials.ts';

export type ActionId =
  | 'top'
  | 'up'
  | 'down'
  | 'bottom'
  | 'move-to'
  | 'priority'
  | 'pause'
  | 'resume'
  | 'freeze'
  | 'unfreeze'
  | 'release'
  | 'cancel'
  | 'kill'
  | 'retry'
  | 'copy'
  | 'duplicate'
  | 'rename'
  | 'labels'
  | 'star'
  | 'unstar'
  | 'compare'
  | 'archive'
  | 'unarchive'
  | 'delete';

export interface TrialActionSpec {
  readonly id: ActionId;
  readonly label: string;
  readonly group: 'place' | 'run' | 'end' | 'edit' | 'tidy';
  readonly keys?: string;
  readonly danger?: boolean;
  /** Shown in a tooltip: what it does that its name does not say. */
  readonly hint?: string;
  readonly applies: (trials: readonly Trial[]) => boolean;
}

const every =
  (test: (trial: Trial) => boolean) =>
  (trials: readonly Trial[]): boolean =>
    trials.length > 0 && trials.every(test);
const some =
  (test: (trial: Trial) => boolean) =>
  (trials: readonly Trial[]): boolean =>
    trials.some(test);
const single = (trials: readonly Trial[]): boolean => trials.length === 1;
const waits = (trial: Trial): boolean => trial.state === 'queued' || trial.state === 'paused';
const runs = (trial: Trial): boolean => trial.state === 'running' || trial.state === 'starting';

export const TRIAL_ACTIONS: readonly TrialActionSpec[] = [
  { id: 'top', label: 'Move to top', group: 'place', keys: 'Alt+Home', applies: every(waits) },
  { id: 'up', label: 'Move up', group: 'place', keys: 'Alt+↑', applies: every(waits) },
  { id: 'down', label: 'Move down', group: 'place', keys: 'Alt+↓', applies: every(waits) },
  { id: 'bottom', label: 'Move to bottom', group: 'place', keys: 'Alt+End', applies: every(waits) },
  {
    id: 'move-to',
    label: 'Move to…',
    group: 'place',
    keys: 'M',
    hint: 'Another pool: when it would start and end there, and the most it costs.',
    applies: every((trial) => trial.state !== 'done'),
  },
  { id: 'priority', label: 'Set priority…', group: 'place', applies: every((trial) => trial.state !== 'done') },
  {
    id: 'pause',
    label: 'Pause',
    group: 'run',
    keys: 'P',
    hint: 'Asks it to save and stop; its GPUs become free.',
    applies: every((trial) => trial.state === 'queued' || runs(trial)),
  },
  { id: 'resume', label: 'Resume', group: 'run', keys: 'P', applies: every((trial) => trial.state === 'paused') },
  {
    id: 'freeze',
    label: 'Freeze',
    group: 'run',
    hint: 'Stops at once and keeps the GPU memory.',
    applies: every((trial) => trial.state === 'running' && !trial.frozen),
  },
  { id: 'unfreeze', label: 'Unfreeze', group: 'run', applies: every((trial) => trial.frozen) },
  {
    id: 'release',
    label: 'Release',
    group: 'run',
    hint: 'Starts without waiting for other trials to end.',
    applies: every((trial) => waits(trial) && trial.after.length > 0),
  },
  {
    id: 'retry',
    label: 'Retry',
    group: 'run',
    hint: 'A new attempt of the same trial.',
    applies: every((trial) => trial.state === 'done'),
  },
  { id: 'copy', label: 'Run again as a copy', group: 'run', applies: (trials) => trials.length > 0 },
  { id: 'duplicate', label: 'Duplicate with edits…', group: 'edit', applies: single },
  { id: 'rename', label: 'Rename…', group: 'edit', keys: 'F2', applies: single },
  { id: 'star', label: 'Star', group: 'edit', applies: every((trial) => !trial.starred) },
  { id: 'unstar', label: 'Take the star away', group: 'edit', applies: every((trial) => trial.starred) },
  {
    id: 'compare',
    label: 'Compare',
    group: 'edit',
    hint: 'Parameters, metrics and code side by side.',
    applies: (trials) => trials.length > 1,
  },
  { id: 'labels', label: 'Labels…', group: 'edit', applies: (trials) => trials.length > 0 },
  {
    id: 'cancel',
    label: 'Cancel',
    group: 'end',
    keys: 'Del',
    danger: true,
    applies: every((trial) => trial.state !== 'done'),
  },
  {
    id: 'kill',
    label: 'Kill',
    group: 'end',
    danger: true,
    hint: 'Ends it at once, without the grace period.',
    applies: some((trial) => runs(trial) || trial.state === 'stopping'),
  },
  {
    id: 'archive',
    label: 'Archive',
    group: 'tidy',
    applies: every((trial) => trial.state === 'done' && !trial.archived),
  },
  { id: 'unarchive', label: 'Unarchive', group: 'tidy', applies: every((trial) => trial.archived) },
  {
    id: 'delete',
    label: 'Delete…',
    group: 'tidy',
    keys: 'Del',
    danger: true,
    applies: every((trial) => trial.state === 'done'),
  },
];
