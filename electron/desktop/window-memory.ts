/**
 * What the window remembers from one start to the next: where it was, whether it may use a GPU. A small file of its own, because it is
 * read before there is an engine.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Rectangle } from './fit-bounds.ts';

export interface WindowFacts {
  /** Graphics acceleration: off, because a window that uses it sits on a GPU that trials want. */
  readonly usesGpu: boolean;
  /** Of the window when it is not maximized; null before it was ever closed. */
  readonly bounds: Rectangle | null;
  readonly isMaximized: boolean;
  /** The user was told where the window goes when it is closed. */
  readonly toldOfTray: boolean;
}

export interface WindowMemory {
  get(): WindowFacts;
  /** Keeps what is named and leaves the rest. A disk that is full or read-only costs the memory, nothing else. */
  keep(facts: Partial<WindowFacts>): void;
}

const NOTHING: WindowFacts = { usesGpu: false, bounds: null, isMaximized: false, toldOfTray: false };

export function openWindowMemory(file: string): WindowMemory {
  let facts = read(file);
  return {
    get: () => facts,
    keep(more) {
      const next = { ...facts, ...more };
      if (JSON.stringify(next) === JSON.stringify(facts)) return;
      facts = next;
      try {
        fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
        fs.writeFileSync(`${file}.tmp`, JSON.stringify(facts), { mode: 0o600 });
        fs.renameSync(`${file}.tmp`, file);
      } catch {
        // The next start has the defaults.
      }
    },
  };
}

/** Takes what has the right shape and leaves out the rest: a half-written or older file is no reason not to start. */
function read(file: string): WindowFacts {
  try {
    const found = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Record<keyof WindowFacts, unknown>>;
    const isOn = (name: keyof WindowFacts): boolean => found[name] === true;
    return {
      usesGpu: isOn('usesGpu'),
      bounds: asRectangle(found.bounds),
      isMaximized: isOn('isMaximized'),
      toldOfTray: isOn('toldOfTray'),
    };
  } catch {
    return NOTHING;
  }
}

function asRectangle(value: unknown): Rectangle | null {
  if (typeof value !== 'object' || value === null) return null;
  const { x, y, width, height } = value as Record<string, unknown>;
  if (![x, y, width, height].every(Number.isInteger)) return null;
  return { x, y, width, height } as Rectangle;
}
