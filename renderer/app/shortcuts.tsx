/** The keys that work anywhere, and the sheet that lists all of them. */
import { Modal } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { useEffect } from 'react';
import { undoLast } from '../shared/toasts.tsx';
import { closeDialog, closeInspector, goTo, openDialog, showTab, useView } from '../shared/view-state.ts';
import type { InspectorTab } from '../shared/view-state.ts';

const TABS: readonly InspectorTab[] = ['log', 'metrics', 'config', 'checkpoints', 'history', 'code'];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** Puts the keyboard on the list. */
function focusQueue(): void {
  goTo('queue');
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>('[role="grid"] [data-trial-id][tabindex="0"]')?.focus(),
  );
}

const isBusy = (): boolean =>
  useView.getState().dialog !== null || document.querySelector('[role="dialog"], [role="menu"]') !== null;

/** Whether something was open when the key went down: what closes itself with a key is gone before the key gets here. */
let wasBusy = false;

function noteBusy(): void {
  wasBusy = isBusy();
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    spotlight.open();
    return;
  }
  const busy = wasBusy || isBusy();
  if (
    (event.ctrlKey || event.metaKey) &&
    !event.shiftKey &&
    event.key.toLowerCase() === 'z' &&
    !isTyping(event.target) &&
    !busy
  ) {
    event.preventDefault();
    void undoLast();
    return;
  }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || busy) return;
  const tab = TABS[Number(event.key) - 1];
  if (event.key === '?') openDialog({ kind: 'shortcuts' });
  else if (event.key === 'n') openDialog({ kind: 'submit' });
  else if (event.key === '/') spotlight.open();
  else if (event.key === 'q') focusQueue();
  else if (event.key === ',') goTo('settings');
  else if (event.key === 'Escape') closeInspector();
  else if (tab !== undefined && useView.getState().inspectedId !== null) showTab(tab);
  else return;
  event.preventDefault();
}

export function useShortcuts(): void {
  useEffect(() => {
    // The window hears a key before anything in it does.
    window.addEventListener('keydown', noteBusy, true);
    document.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', noteBusy, true);
      document.removeEventListener('keydown', onKey);
    };
  }, []);
}

const SHEET: readonly { readonly title: string; readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Anywhere',
    keys: [
      ['Ctrl K or /', 'Search or run a command'],
      ['Ctrl Z', 'Undo what was done last'],
      ['N', 'New experiment'],
      ['Q', 'To the queue'],
      [',', 'Settings'],
      ['1 to 6', 'Log, Metrics, Configuration, Checkpoints, History, Code'],
      ['Esc', 'Close the inspector'],
      ['?', 'This sheet'],
    ],
  },
  {
    title: 'On the list',
    keys: [
      ['↑ ↓', 'Go through the trials'],
      ['Shift ↑ ↓', 'Extend the selection'],
      ['Ctrl Space', 'Add or remove a row'],
      ['Ctrl A', 'Select everything that waits'],
      ['Esc', 'Clear the selection'],
      ['Enter', 'Inspect'],
      ['Shift F10', 'Menu'],
    ],
  },
  {
    title: 'With the selection',
    keys: [
      ['Alt ↑ ↓', 'Move by one place'],
      ['Alt Home, Alt End', 'To the top, to the bottom'],
      ['M', 'Move to another pool'],
      ['P', 'Pause or resume'],
      ['F2', 'Rename'],
      ['Del', 'Cancel; delete when finished'],
    ],
  },
  {
    title: 'On a grip',
    keys: [
      ['Space', 'Pick up, drop'],
      ['↑ ↓', 'Choose the place (Shift: by five)'],
      ['← →', 'Choose a pool, back to the list'],
      ['Esc', 'Put it back'],
    ],
  },
];

export function ShortcutsSheet() {
  return (
    <Modal opened onClose={closeDialog} title="Keyboard" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="shortcuts">
        {SHEET.map((part) => (
          <section key={part.title}>
            <h3>{part.title}</h3>
            <dl>
              {part.keys.map(([key, what]) => (
                <div key={key + what}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
