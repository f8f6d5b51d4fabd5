/**
 * A mark that a process cannot take off: one that leaves its process group and session and clears its environment carries it all the same.
 *
 * The mark is a number derived from the attempt id, set as the limit of file locks (RLIMIT_LOCKS) of the supervisor. Limits are inherited
 * by everything it starts, an ordinary user can only lower them, and this one has had no effect since Linux 2.4. It is read from
 * /proc/<pid>/limits. On macOS, and inside of a trial that lowered it for reasons of its own, there is none. Pure.
 */
import { createHash } from 'node:crypto';

/** Above what anybody sets by hand, below what the shells can count to. */
const LEAST = 2 ** 44;
const RANGE = 2 ** 44;

/** @returns a decimal number, the same for the same attempt */
export function markOf(attemptId: string): string {
  const hash = createHash('sha256').update(attemptId).digest();
  return String(LEAST + (hash.readUIntBE(0, 6) % RANGE));
}

/** @param limits text of /proc/<pid>/limits. @returns the mark it carries; null when it carries none */
export function readMark(limits: string): string | null {
  const hard = /^Max file locks +\S+ +(\d+)/m.exec(limits)?.[1];
  return hard === undefined || Number(hard) < LEAST ? null : hard;
}
