import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoginDesk, SESSION_IDLE_MS, TICKET_LIFE_MS, TOKEN_LIFE_MS } from '../../../electron/doors/login-desk.ts';
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
    const pass = desk.exchange(token);
    expect(desk.exchange(token)).toBeNull();
    expect(pass !== null && desk.admits(pass)).toBe(true);
  });

  it('end after five minutes', () => {
    const desk = open();
    const token = desk.mint();
    nowMs += TOKEN_LIFE_MS + 1;
    expect(desk.exchange(token)).toBeNull();
  });

  it('open the door whatever others tried before: nobody can lock the owner out', () => {
    const desk = open();
    const token = desk.mint();
    for (let i = 0; i < 1_000; i += 1) expect(desk.exchange('wrong')).toBeNull();
    expect(desk.exchange(token)).not.toBeNull();
  });
});

describe('sessions', () => {
  const signIn = (desk: ReturnType<typeof open>) => {
    const pass = desk.exchange(desk.mint());
    if (pass === null) throw new Error('refused');
    return pass;
  };

  it('have two halves, and neither opens anything without the other', () => {
    const desk = open();
    const pass = signIn(desk);
    const other = signIn(desk);
    expect(desk.admits({ ...pass, pageKey: '' })).toBe(false);
    expect(desk.admits({ ...pass, pageKey: other.pageKey })).toBe(false);
    expect(desk.admits({ ...pass, sessionId: '' })).toBe(false);
    expect(desk.ticket({ ...pass, pageKey: '' }, '/x')).toBeNull();
    expect(desk.admits(pass)).toBe(true);
  });

  it('are 200 at most, and it is the one used longest ago that goes', () => {
    const desk = open();
    const passes = Array.from({ length: 201 }, () => {
      nowMs += 1_000;
      return signIn(desk);
    });
    const admitted = passes.map((pass) => desk.admits(pass));
    expect(admitted.indexOf(false)).toBe(0);
    expect(admitted.lastIndexOf(false)).toBe(0);
  });

  it('give tickets for one download each, for half a minute', () => {
    const desk = open();
    const pass = signIn(desk);
    const late = desk.ticket(pass, '/x') ?? '';
    nowMs += TICKET_LIFE_MS + 1;
    expect(desk.redeem(pass.sessionId, late, '/x')).toBe(false);
    const ticket = desk.ticket(pass, '/x') ?? '';
    expect(desk.redeem(signIn(desk).sessionId, ticket, '/x')).toBe(false);
    expect(desk.redeem(pass.sessionId, ticket, '/y')).toBe(false);
    expect(desk.redeem(pass.sessionId, ticket, '/x')).toBe(true);
    expect(desk.redeem(pass.sessionId, ticket, '/x')).toBe(false);
  });

  it('all end at once when somebody else may have heard them', () => {
    const desk = open();
    const pass = signIn(desk);
    desk.endSessions();
    expect(desk.admits(pass)).toBe(false);
    expect(open().admits(pass)).toBe(false);
  });

  it('survive a restart of the engine, in a private file that holds no secret', () => {
    const pass = signIn(open());
    expect(open().admits(pass)).toBe(true);
    const file = path.join(dir, 'browser-sessions.json');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    for (const half of Object.values(pass)) expect(fs.readFileSync(file, 'utf8')).not.toContain(half);
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
    const pass = signIn(open());
    fs.writeFileSync(path.join(dir, 'browser-sessions.json'), '[{"hash": 1}');
    const desk = open();
    expect(desk.admits(pass)).toBe(false);
    expect(desk.admits(signIn(desk))).toBe(true);
  });

  it('do not take just any cookie', () => {
    expect(open().admits({ sessionId: '', pageKey: '' })).toBe(false);
    expect(open().admits({ sessionId: 'x'.repeat(10_000), pageKey: 'x'.repeat(10_000) })).toBe(false);
  });
});
