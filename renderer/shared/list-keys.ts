/**
 * The keys of a list of trials and what they do, as data. The list looks a key up here and carries out what it finds;
 * dragging by keyboard has its own keys. Pure.
 */
import type { Trial } from '../../electron/contract/trials.ts';
import type { ActionId } from './action-table.ts';

/** What a key asks for. */
export type KeyCommand =
  /** Goes through the rows: so many, as many as are in sight, or to the end. */
  | { readonly kind: 'step'; readonly rows: 1 | 'page' | 'end'; readonly direction: -1 | 1 }
  | { readonly kind: 'select'; readonly what: 'line' | 'none' | 'toggle' }
  | { readonly kind: 'inspect' }
  /** Acts on the selection, or on the keyboard's row where nothing is selected. */
  | {
      readonly kind: 'act';
      readonly what: 'top' | 'up' | 'down' | 'bottom' | 'move-to' | 'rename' | 'pause or resume' | 'remove';
    };

/** The key that goes with another one; Shift is no such key: it extends the selection. */
type Modifier = 'none' | 'alt' | 'ctrl';

const KEYS: Readonly<Record<Modifier, Readonly<Record<string, KeyCommand>>>> = {
  none: {
    ArrowUp: { kind: 'step', rows: 1, direction: -1 },
    ArrowDown: { kind: 'step', rows: 1, direction: 1 },
    PageUp: { kind: 'step', rows: 'page', direction: -1 },
    PageDown: { kind: 'step', rows: 'page', direction: 1 },
    Home: { kind: 'step', rows: 'end', direction: -1 },
    End: { kind: 'step', rows: 'end', direction: 1 },
    Escape: { kind: 'select', what: 'none' },
    ' ': { kind: 'select', what: 'toggle' },
    Enter: { kind: 'inspect' },
    F2: { kind: 'act', what: 'rename' },
    m: { kind: 'act', what: 'move-to' },
    p: { kind: 'act', what: 'pause or resume' },
    Delete: { kind: 'act', what: 'remove' },
  },
  alt: {
    ArrowUp: { kind: 'act', what: 'up' },
    ArrowDown: { kind: 'act', what: 'down' },
    Home: { kind: 'act', what: 'top' },
    End: { kind: 'act', what: 'bottom' },
  },
  ctrl: {
    a: { kind: 'select', what: 'line' },
    ' ': { kind: 'select', what: 'toggle' },
  },
};
/** These press the button that has the focus; there they do nothing to the row. */
const PRESSES_A_BUTTON = new Set(['Enter', ' ']);

/** The part of a keyboard event that counts. */
export interface KeyPress {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/**
 * @param onButton a button inside the row has the focus
 * @returns what the key asks for; null = it is not one of the list's
 */
export function commandOf(press: KeyPress, onButton: boolean): KeyCommand | null {
  if (onButton && PRESSES_A_BUTTON.has(press.key)) return null;
  const keys = KEYS[press.altKey ? 'alt' : press.ctrlKey || press.metaKey ? 'ctrl' : 'none'];
  return Object.hasOwn(keys, press.key) ? (keys[press.key] as KeyCommand) : null;
}

/** @returns by how many rows a step goes, below 0 upwards; more than there are rows is the end. */
export function rowsOf(command: Extract<KeyCommand, { kind: 'step' }>, rowsInSight: number): number {
  const rows =
    command.rows === 'page' ? Math.max(1, rowsInSight - 1) : command.rows === 'end' ? Infinity : command.rows;
  return command.direction * rows;
}

/** @returns the action on these trials: a key that stands for two takes the one that all of them allow. */
export function actionOf(
  what: Extract<KeyCommand, { kind: 'act' }>['what'],
  trials: readonly Pick<Trial, 'state'>[],
): ActionId {
  if (what === 'pause or resume') return trials.every((trial) => trial.state === 'paused') ? 'resume' : 'pause';
  if (what === 'remove') return trials.every((trial) => trial.state === 'done') ? 'delete' : 'cancel';
  return what;
}

/** Whether the keyboard's row is somewhere else afterwards: the focus goes with it. */
export const movesRow = (action: ActionId): boolean => ['top', 'up', 'down', 'bottom'].includes(action);
