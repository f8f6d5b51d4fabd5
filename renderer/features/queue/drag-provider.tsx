/** Wires dnd-kit to the drag state: pointer and keyboard sensors, auto-scroll, announcements, the row under the pointer. */
import {
  Accessibility,
  AutoScroller,
  Cursor,
  Feedback,
  PointerActivationConstraints,
  PreventSelection,
  StyleInjector,
} from '@dnd-kit/dom';
import { DragDropProvider, KeyboardSensor, PointerSensor } from '@dnd-kit/react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { useEngine } from '../../api/store.ts';
import { announce } from '../../ui/announce.tsx';
import { readStyleNonce } from '../../ui/nonce.ts';
import { useView } from '../../shared/view-state.ts';
import { aimAtPointer, aimAtPool, beginDrag, describeAim, endDrag, stepAim, stepPool, useDrag } from './drag-state.ts';

/** Arrow keys move by places, not by pixels. */
class PlaceKeyboardSensor extends KeyboardSensor {
  protected override handleMove(direction: 'up' | 'down' | 'left' | 'right', event: KeyboardEvent): void {
    event.preventDefault();
    const rows = event.shiftKey ? 5 : 1;
    if (direction === 'left') stepPool(1);
    else if (direction === 'right') stepPool(-1);
    else if (useDrag.getState().poolId !== null) stepPool(direction === 'down' ? 1 : -1);
    else stepAim(direction === 'up' ? -rows : rows);
    announce(describeAim(useDrag.getState()));
  }
}

const nameOf = (id: number | null): string => {
  const trial = id === null ? undefined : useEngine.getState().trials.byId.get(id);
  return trial === undefined ? '' : `trial ${trial.id} ${trial.name}`;
};

const PLUGINS = [
  StyleInjector.configure({ nonce: readStyleNonce() }),
  AutoScroller,
  Cursor,
  PreventSelection,
  Feedback.configure({ feedback: 'none' }),
  Accessibility,
];
const DRAG_AFTER_PX = 5;
const TOUCH_HOLD = { value: 250, tolerance: 5 };

/** The grip follows at once; elsewhere a row is a row to click until the pointer has moved. Holding still never drags: a slow click is a click. */
const SENSORS = [
  PointerSensor.configure({
    activatorElements: (source) => [source.element],
    activationConstraints: ({ pointerType, target }, { handle }) => {
      if (pointerType === 'touch') return [new PointerActivationConstraints.Delay(TOUCH_HOLD)];
      if (target instanceof Node && handle?.contains(target) === true) return undefined;
      return [new PointerActivationConstraints.Distance({ value: DRAG_AFTER_PX })];
    },
  }),
  PlaceKeyboardSensor,
];

/** Where the pools are, measured once per drag: asking the page with every move would make it lay itself out every time. */
let poolBoxes: { readonly poolId: string; readonly box: DOMRect }[] = [];

function measurePools(): void {
  poolBoxes = [...document.querySelectorAll<HTMLElement>('[data-pool-id]')].map((element) => ({
    poolId: element.dataset['poolId'] ?? '',
    box: element.getBoundingClientRect(),
  }));
}

function poolAt(x: number, y: number): string | null {
  return poolBoxes.find(({ box }) => x >= box.left && x < box.right && y >= box.top && y < box.bottom)?.poolId ?? null;
}

export function DragProvider({ children }: { readonly children: ReactNode }) {
  return (
    <DragDropProvider
      plugins={PLUGINS}
      sensors={SENSORS}
      onDragStart={({ operation, nativeEvent }) => {
        const id = Number(operation.source?.id);
        measurePools();
        beginDrag(id, useView.getState().selection, nativeEvent instanceof KeyboardEvent);
        const count = useDrag.getState().ids.length;
        announce(
          `Picked up ${count > 1 ? `${count} trials` : nameOf(id)}. Arrow up and down choose the place, arrow left a pool, Space drops, Escape cancels.`,
        );
      }}
      onDragMove={({ operation, to }) => {
        if (useDrag.getState().byKeyboard) return;
        const at = to ?? operation.position.current;
        const poolId = poolAt(at.x, at.y);
        if (poolId === null) aimAtPointer(at.x, at.y);
        else aimAtPool(poolId);
      }}
      onDragEnd={({ canceled }) => {
        const words = describeAim(useDrag.getState());
        endDrag(canceled);
        announce(canceled ? 'Cancelled; nothing moved.' : `Dropped: ${words}.`);
      }}
    >
      {children}
      <DragGhost />
    </DragDropProvider>
  );
}

/** The lifted row that follows the pointer. Moved by hand: 60 positions a second are no business of React's. */
function DragGhost() {
  const { ids, leadId, byKeyboard } = useDrag();
  const text = useDrag((state) => (state.ids.length === 0 ? '' : describeAim(state)));
  const trial = useEngine((state) => (leadId === null ? undefined : state.trials.byId.get(leadId)));
  const element = useRef<HTMLDivElement>(null);
  const visible = ids.length > 0 && !byKeyboard;
  useEffect(() => {
    if (!visible) return;
    const follow = (event: PointerEvent): void => {
      element.current?.style.setProperty(
        'transform',
        `translate3d(${event.clientX - 12}px, ${event.clientY - 18}px, 0)`,
      );
    };
    document.addEventListener('pointermove', follow, { capture: true, passive: true });
    return () => document.removeEventListener('pointermove', follow, { capture: true });
  }, [visible]);
  if (!visible || trial === undefined) return null;
  return (
    <div ref={element} className="drag-ghost" aria-hidden="true">
      <span className="grip">⠿</span>
      <span className="num">#{trial.id}</span>
      <span className="name">
        {trial.name}
        {ids.length > 1 && <span className="dim3"> and {ids.length - 1} more</span>}
      </span>
      <span className="why">{text}</span>
    </div>
  );
}
