import { describe, expect, it } from 'vitest';
import { TRIAL_ACTIONS } from '../../../../renderer/shared/action-table.ts';
import { actionOf, commandOf, movesRow, rowsOf } from '../../../../renderer/shared/list-keys.ts';

const press = (key: string, held: Partial<Record<'altKey' | 'ctrlKey' | 'metaKey', boolean>> = {}) => ({
  key,
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  ...held,
});
const find = (...given: Parameters<typeof press>) => commandOf(press(...given), false);
const step = (key: string, rowsInSight = 10): number | null => {
  const command = find(key);
  return command?.kind === 'step' ? rowsOf(command, rowsInSight) : null;
};

describe('the keys of the queue list', () => {
  it('go through the rows', () => {
    expect(['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'].map((key) => step(key))).toEqual([
      -1,
      1,
      -9,
      9,
      -Infinity,
      Infinity,
    ]);
    // A list of no height still moves.
    expect(step('PageDown', 0)).toBe(1);
  });

  it('with Alt move trials, not the eye', () => {
    expect(['ArrowUp', 'ArrowDown', 'Home', 'End'].map((key) => find(key, { altKey: true }))).toEqual(
      ['up', 'down', 'top', 'bottom'].map((what) => ({ kind: 'act', what })),
    );
    expect(find('p', { altKey: true })).toBeNull();
  });

  it('select, with Ctrl or the Mac’s key for it', () => {
    expect(find('a', { ctrlKey: true })).toEqual({ kind: 'select', what: 'line' });
    expect(find('a', { metaKey: true })).toEqual({ kind: 'select', what: 'line' });
    expect(find(' ', { ctrlKey: true })).toEqual(find(' '));
    expect(find('Escape')).toEqual({ kind: 'select', what: 'none' });
  });

  it('are the ones that the menu names', () => {
    const named: Readonly<Record<string, string>> = { '↑': 'ArrowUp', '↓': 'ArrowDown', M: 'm', P: 'p', Del: 'Delete' };
    const finished = [{ state: 'done' } as const];
    const waiting = [{ state: 'paused' } as const];
    for (const { id, keys } of TRIAL_ACTIONS) {
      if (keys === undefined) continue;
      const words = keys.split('+');
      const key = words.at(-1) as string;
      const command = find(named[key] ?? key, { altKey: words.length > 1 });
      const trials = id === 'delete' ? finished : id === 'resume' ? waiting : [{ state: 'running' } as const];
      expect(command?.kind === 'act' ? actionOf(command.what, trials) : null, keys).toBe(id);
    }
  });

  it('leave to the browser what is not theirs', () => {
    for (const key of ['a', 'P', 'Tab', 'F5', 'constructor']) expect(find(key)).toBeNull();
    for (const key of ['p', 'Delete', 'ArrowDown', 'c']) expect(find(key, { ctrlKey: true })).toBeNull();
  });

  it('press the button that has the focus instead of acting on its row', () => {
    expect(commandOf(press('Enter'), true)).toBeNull();
    expect(commandOf(press(' '), true)).toBeNull();
    expect(commandOf(press('ArrowDown'), true)).not.toBeNull();
  });
});

describe('one key for two actions', () => {
  const paused = { state: 'paused' } as const;
  const running = { state: 'running' } as const;
  const done = { state: 'done' } as const;

  it('takes the one that all trials allow', () => {
    expect([[paused], [paused, running], [running]].map((some) => actionOf('pause or resume', some))).toEqual([
      'resume',
      'pause',
      'pause',
    ]);
    expect([[done], [done, running]].map((some) => actionOf('remove', some))).toEqual(['delete', 'cancel']);
    expect(actionOf('rename', [running])).toBe('rename');
  });

  it('takes the focus along only where the row moves', () => {
    expect((['top', 'up', 'down', 'bottom', 'pause', 'rename'] as const).map(movesRow)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
