/** Buttons for actions on trials, and the one that opens the menu with all of them. */
import { IconDots } from '@tabler/icons-react';
import type { Trial } from '../../electron/contract/trials.ts';
import { Button, IconButton } from '../ui/button.tsx';
import type { TrialActionSpec } from './action-table.ts';
import { runAction } from './trial-actions.ts';
import { openMenuAt } from './view-state.ts';

export interface ActionButtonsProps {
  readonly actions: readonly TrialActionSpec[];
  /** Asked when a button is pressed: the trials as they are then. */
  readonly trials: () => readonly Trial[];
  /** What the button of the menu is called. */
  readonly moreLabel: string;
  /** Before the menu opens, which is about the selection. */
  readonly onMore?: () => void;
}

export function ActionButtons({ actions, trials, moreLabel, onMore }: ActionButtonsProps) {
  return (
    <>
      {actions.map((action) => (
        <Button key={action.id} title={action.hint} onClick={() => void runAction(action.id, trials())}>
          {action.label}
        </Button>
      ))}
      <IconButton
        label={moreLabel}
        aria-haspopup="menu"
        className="bordered"
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onMore?.();
          openMenuAt(box.right, box.bottom, 'end');
        }}
      >
        <IconDots size={15} aria-hidden="true" />
      </IconButton>
    </>
  );
}
