/** What the engine and its starter (resources/process/starter.c, which describes both) write to each other. Pure. */
import type { SpawnOrder } from './spawn-supervisor.ts';

const HEAD_BYTES = 16;
const ANSWER_BYTES = 16;
/** As in starter.c. */
const MOST_BYTES = 262_144;
const MOST_STRINGS = 4096;
/** Linux takes no longer string as an argument or a variable. */
const MOST_STRING_BYTES = 131_071;

export type StarterAnswer =
  | { readonly kind: 'claimed' | 'not_claimed' | 'refused'; readonly id: number; readonly pid: number }
  | {
      readonly kind: 'ended';
      readonly id: number;
      readonly pid: number;
      /** 0: nothing that it started is alive; else the signal that ended it, or -1. */
      readonly value: number;
    };

const KINDS = [null, 'claimed', 'not_claimed', 'refused', 'ended'] as const;

/** @returns null for what the starter does not take: longer than any usual command with its environment, or not to be written as strings */
export function writeOrder(id: number, order: SpawnOrder): Buffer | null {
  const { stateDir, logPath, bootId, mark, cwd, program, args } = order;
  // As a shell would tell it.
  const variables = Object.entries({ ...order.env, PWD: cwd }).map(([name, value]) => `${name}=${value}`);
  const strings = [stateDir, logPath, bootId, mark, cwd, program, ...args, ...variables];
  if (strings.length > MOST_STRINGS || strings.some((text) => text.includes('\0'))) return null;
  const body = Buffer.from(`${strings.join('\0')}\0`);
  if (body.length + HEAD_BYTES > MOST_BYTES) return null;
  if (body.length > MOST_STRING_BYTES && strings.some((text) => Buffer.byteLength(text) > MOST_STRING_BYTES))
    return null;
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(HEAD_BYTES - 4 + body.length, 0);
  head.writeUInt32LE(id, 4);
  head.writeUInt32LE(args.length, 8);
  head.writeUInt32LE(variables.length, 12);
  return Buffer.concat([head, body]);
}

/** @returns the whole answers of what was received, and what begins the next. @throws Error for what is none */
export function readAnswers(received: Buffer): { readonly answers: readonly StarterAnswer[]; readonly rest: Buffer } {
  const answers: StarterAnswer[] = [];
  let at = 0;
  for (; received.length - at >= ANSWER_BYTES; at += ANSWER_BYTES) {
    const kind = KINDS[received.readUInt32LE(at)];
    if (kind === null || kind === undefined) throw new Error('the starter says what nobody understands');
    const id = received.readUInt32LE(at + 4);
    const pid = received.readInt32LE(at + 8);
    answers.push(kind === 'ended' ? { kind, id, pid, value: received.readInt32LE(at + 12) } : { kind, id, pid });
  }
  return { answers, rest: received.subarray(at) };
}
