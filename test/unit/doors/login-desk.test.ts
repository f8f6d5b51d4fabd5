import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLoginDesk,
  MAX_WRONG_TOKENS,
  SESSION_IDLE_MS,
  TOKEN_LIFE_MS,
  WRONG_TOKEN_WINDOW_MS,
} from '../../../electron/doors/login-desk.ts';
import { sessionFile } from '../../../electron/doors/session-file.ts';
import { temporaryDirectory } from '../../fakes/engine.ts';

let dir = '';
let nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const open = () => createLoginDesk(sessionFile(dir), clock);

beforeEach(() => {
  dir = temporaryDirectory();
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

describe('tokens', () => {
  it('work once', () => {
    const desk = open();
    const token = desk.mint();
    const first = desk.exchange(token, 'a');
    expect(first.kind).toBe('session');
    expect(desk.exchange(token, 'a').kind).toBe('refused');
    expect(first.kind === 'session' && desk.admits(first.sessionId)).toBe(true);
  });

  it('end after five minutes', () => {
    const desk = open();
    const token = desk.mint();
    nowMs += TOKEN_LIFE_MS + 1;
    expect(desk.exchange(token, 'a').kind).toBe('refused');
  });

  it('cannot be guessed at length: an address with too many wrong ones waits, others do not', () => {
    const desk = open();
    const token = desk.mint();
    for (let i = 0; i < MAX_WRONG_TOKENS; i += 1) expect(desk.exchange('wrong', 'a').kind).toBe('refused');
    expect(desk.exchange(token, 'a')).toEqual({ kind: 'slow down', retryAfterS: WRONG_TOKEN_WINDOW_MS / 1_000 });
    nowMs += WRONG_TOKEN_WINDOW_MS;
    expect(desk.exchange(token, 'a').kind).toBe('session');
    expect(desk.exchange(desk.mint(), 'b').kind).toBe('session');
  });
});

describe('sessions', () => {
  const signIn = (desk: ReturnType<typeof open>) => {
    const result = desk.exchange(desk.mint(), 'a');
    if (result.kind !== 'session') throw new Error(result.kind);
    return result.sessionId;
  };

  it('survive a restart of the engine, in a private file that holds no secret', () => {
    const sessionId = signIn(open());
    expect(open().admits(sessionId)).toBe(true);
    const file = path.join(dir, 'browser-sessions.json');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(file, 'utf8')).not.toContain(sessionId);
    expect(fs.readdirSync(dir)).toEqual(['browser-sessions.json']);
  });

  it('end after thirty idle days, and use renews them', () => {
    const desk = open();
    const used = signIn(desk);
    const idle = signIn(desk);
    nowMs += SESSION_IDLE_MS - 1_000;
    expect(desk.admits(used)).toBe(true);
    nowMs += 2_000;
    expect(desk.admits(used)).toBe(true);
    expect(desk.admits(idle)).toBe(false);
    expect(open().admits(used)).toBe(true);
  });

  it('are forgotten when the file is damaged, and a new sign-in works', () => {
    const sessionId = signIn(open());
    fs.writeFileSync(path.join(dir, 'browser-sessions.json'), '[{"hash": 1}');
    const desk = open();
    expect(desk.admits(sessionId)).toBe(false);
    expect(desk.admits(signIn(desk))).toBe(true);
  });

  it('do not take just any cookie', () => {
    expect(open().admits('')).toBe(false);
    expect(open().admits('x'.repeat(10_000))).toBe(false);
  });
});
