/** Who gets SIGTERM, over made-up trees of processes. */
import { describe, expect, it } from 'vitest';
import type { ProcessEntry } from '../../../../native/process/process-table.ts';
import { handlesTerm, isWrapperName, type ProcessTraits } from '../../../../native/process/process-traits.ts';
import { whoIsAsked } from '../../../../native/process/who-is-asked.ts';

const SUPERVISOR = 10;
const PLAIN: ProcessTraits = {
  isWrapper: false,
  handlesTerm: false,
  commandLine: '',
  readsPipe: null,
  writesPipes: [],
};

/** pid: [parent, traits that differ]. */
type Tree = Readonly<Record<number, readonly [number, Partial<ProcessTraits>?]>>;
const entry = (pid: number, parent: number): ProcessEntry => ({
  pid,
  parent,
  state: 'S',
  group: SUPERVISOR,
  session: SUPERVISOR,
  startTime: '5',
  attemptId: 'a',
  engineId: null,
  mark: null,
});

function round(tree: Tree, before: readonly ProcessEntry[] = []): { ask: number[]; hold: number[]; again: boolean } {
  const members = [entry(SUPERVISOR, 1), ...Object.entries(tree).map(([pid, [parent]]) => entry(Number(pid), parent))];
  const { ask, hold, again } = whoIsAsked(
    members,
    SUPERVISOR,
    (pid) => ({ ...PLAIN, commandLine: `command ${pid}`, ...tree[pid]?.[1] }),
    before,
  );
  return { ask: ask.map(({ pid }) => pid), hold: hold.map(({ pid }) => pid), again };
}
const shell = { isWrapper: true };
const trapped = { isWrapper: true, handlesTerm: true };

describe('who is asked to end', () => {
  it('is the main process and none of its workers', () => {
    expect(round({ 11: [10], 12: [11], 13: [11], 14: [12] })).toEqual({ ask: [11], hold: [], again: false });
  });
  it('is the program behind a shell, and the shell with a trap', () => {
    expect(round({ 11: [10, trapped], 12: [11], 13: [12] })).toEqual({ ask: [11, 12], hold: [], again: false });
  });
  it('is a shell without a trap only after its program, even where it has begun the next one', () => {
    const first = { 11: [10, shell], 12: [11] } as const;
    expect(round(first)).toEqual({ ask: [12], hold: [11], again: true });
    expect(round(first, [entry(12, 11)])).toEqual({ ask: [], hold: [11], again: true });
    expect(round({ 11: [10, shell] }, [entry(12, 11)])).toEqual({ ask: [11], hold: [], again: false });
    expect(round({ 11: [10, shell], 15: [11] }, [entry(12, 11)])).toEqual({ ask: [11], hold: [], again: false });
  });
  it('is behind shells in shells', () => {
    expect(round({ 11: [10, trapped], 12: [11, shell], 13: [12] })).toEqual({ ask: [11, 13], hold: [12], again: true });
  });
  it('is the head of a pipeline, and everybody where they feed each other', () => {
    const pipeline = { 11: [10, trapped], 12: [11, { writesPipes: ['p'] }], 13: [11, { readsPipe: 'p' }] } as const;
    expect(round(pipeline).ask).toEqual([11, 12]);
    const circle = {
      ...pipeline,
      12: [11, { writesPipes: ['p'], readsPipe: 'q' }],
      13: [11, { readsPipe: 'p', writesPipes: ['q'] }],
    } as const;
    expect(round(circle).ask).toEqual([11, 12, 13]);
    expect(round({ 11: [10, trapped], 12: [11, { readsPipe: 'from outside' }] }).ask).toEqual([11, 12]);
  });
  it('waits for a program that has not begun', () => {
    expect(round({})).toEqual({ ask: [], hold: [], again: true });
    const copy = { ...shell, commandLine: `command ${SUPERVISOR}` };
    expect(round({ 11: [10, copy] })).toEqual({ ask: [], hold: [], again: true });
    expect(round({ 11: [10, copy], 12: [11] }).ask).toEqual([12]);
  });
  it('knows shells by name and handlers by the mask of the kernel', () => {
    expect([['bash'], ['python3.11', 'conda'], ['python3.11', 'python'], ['']].map(isWrapperName)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(handlesTerm('SigIgn:\t0000000000004000\nSigCgt:\t0000000000004002\n')).toBe(true);
    expect(handlesTerm('SigIgn:\t0000000000004000\nSigCgt:\t0000000180000002\n')).toBe(false);
    expect(handlesTerm('')).toBe(false);
  });
});
