/**
 * Turns: work that takes long is done in pieces, and between two pieces whoever else waits is served first. The engine has one thread;
 * what holds it holds everybody.
 *
 * One line for all such work: each turn of the event loop does one piece of one of them. Ten long requests at once therefore delay
 * a short one by one piece, not by ten.
 */

/** So long a piece may take, ms. With what else a turn of the loop does, others wait well under 50 ms. */
const PIECE_MS = 8;

const waiting: (() => void)[] = [];
let isServing = false;

function serve(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(serve);
  else isServing = false;
}

/** Settles when it is the caller's turn; what it does until its next `await` should take no longer than a piece. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (isServing) return;
    isServing = true;
    setImmediate(serve);
  });
}

/** The pace of one long piece of work. */
export interface Pace {
  /** Call it between two steps: it settles at once, or, when a piece is done, at the next turn. */
  step(): Promise<void>;
  /** Whether a piece is done: for loops that would be slowed down by awaiting each step. Then call `step`. */
  isDue(): boolean;
}

/** @returns a pace whose first piece begins with the first turn it is given */
export async function takeTurns(): Promise<Pace> {
  await nextTurn();
  let beganMs = performance.now();
  const isDue = (): boolean => performance.now() - beganMs >= PIECE_MS;
  return {
    isDue,
    async step() {
      if (!isDue()) return;
      await nextTurn();
      beganMs = performance.now();
    },
  };
}
