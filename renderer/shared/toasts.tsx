/** Short messages at the bottom of the window: what was done, with undo; what went wrong, with what to do. */
import { notifications } from '@mantine/notifications';
import { api } from '../api/client.ts';
import { toApiError } from '../api/problem.ts';
import { useEngine } from '../api/store.ts';
import { Button } from '../ui/button.tsx';

const DONE_MS = 4_000;
/** Longer messages stay until they can have been read. */
const READING_MS_PER_CHARACTER = 50;
const UNDO_MS = 9_000;
const ERROR_MS = 12_000;
const SHOWN_ITEMS = 4;

/** What can still be taken back, the latest last, and the toast that offers it. */
const undoable: { readonly undoId: number; readonly toastId: string }[] = [];

/** The toast that says what was done last; the next one takes its place, so that a burst of actions is one toast. */
let lastDone: string | null = null;

/** Toasts that say the engine did not answer. */
const unreachable = new Set<string>();

useEngine.subscribe((now, before) => {
  if (now.connection !== 'live' || before.connection === 'live') return;
  unreachable.forEach((id) => notifications.hide(id));
  unreachable.clear();
});

/** Shows what happened; with `undoId` it can be taken back. */
export function toastDone(message: string, undoId: number | null = null): void {
  const id = crypto.randomUUID();
  if (undoId !== null) undoable.push({ undoId, toastId: id });
  if (lastDone !== null) notifications.hide(lastDone);
  lastDone = id;
  notifications.show({
    id,
    withBorder: true,
    autoClose: Math.max(undoId === null ? DONE_MS : UNDO_MS, message.length * READING_MS_PER_CHARACTER),
    closeButtonProps: { 'aria-label': 'Dismiss' },
    message: (
      <div className="toast">
        <span>{message}</span>
        {undoId !== null && (
          <Button size="small" onClick={() => void undo(undoId)}>
            Undo
          </Button>
        )}
      </div>
    ),
  });
}

/** Takes back what was done last in this window. */
export async function undoLast(): Promise<void> {
  const last = undoable.at(-1);
  if (last === undefined) toastDone('There is nothing to undo');
  else await undo(last.undoId);
}

async function undo(undoId: number): Promise<void> {
  const at = undoable.findIndex((each) => each.undoId === undoId);
  if (at !== -1) undoable.splice(at, 1).forEach(({ toastId }) => notifications.hide(toastId));
  try {
    toastDone((await api.undo(undoId)).message);
  } catch (error) {
    toastError(error);
  }
}

/** Shows a failure: the engine's sentence, its remedy and, for a batch, the first refused trials. */
export function toastError(error: unknown): void {
  const problem = toApiError(error);
  const more = problem.items.length - SHOWN_ITEMS;
  const id = crypto.randomUUID();
  if (problem.code === 'unreachable') unreachable.add(id);
  notifications.show({
    id,
    withBorder: true,
    color: 'red',
    className: 'toast-error',
    role: 'alert',
    autoClose: ERROR_MS,
    closeButtonProps: { 'aria-label': 'Dismiss' },
    message: (
      <div>
        <div>{problem.message}</div>
        {problem.items.slice(0, SHOWN_ITEMS).map((item) => (
          <div key={String(item.id)} className="dim">
            #{item.id}: {item.message}
          </div>
        ))}
        {more > 0 && <div className="dim">and {more} more</div>}
        {problem.remedy !== undefined && <div className="dim lines">{problem.remedy}</div>}
      </div>
    ),
  });
}

/** Runs a call and shows its failure. @returns whether it went well. */
export async function attempt(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}
