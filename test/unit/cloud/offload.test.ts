import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ABSENCE_MS,
  ABSENCES,
  beginOffload,
  DEADLINE_GRACE_MS,
  nextOffload,
  type Offload,
  type OffloadEvent,
} from '../../../electron/cloud/offload.ts';
import type { Machine, MachineRequest, MachineState } from '../../../electron/ports/provider.ts';

const QUOTE = { free: false, perHourUsd: 1, diskPerHourUsd: null, source: null };
const request = (machineType = 'm7i.large', region = 'us-east-1'): MachineRequest => ({
  attemptId: 'e1-t1-a1',
  engineId: 'e1',
  choice: { region, machineType, spot: false },
  machine: null,
  requestedAtMs: 0,
  deadlineMs: 3_600_000,
  prefix: 'e1-t1-a1/',
  specSha256: '',
  reads: [],
});
const machine = (state: MachineState, ref = 'i-1'): Machine => ({
  ref,
  attemptId: 'e1-t1-a1',
  engineId: 'e1',
  region: 'us-east-1',
  state,
  startedAtMs: 1_000,
  deadlineMs: 3_600_000,
  preempted: false,
});
const asked = (one = request()): OffloadEvent => ({ type: 'asked', request: one, quote: QUOTE });
const seen = (state: MachineState): OffloadEvent => ({ type: 'seen', machine: machine(state), found: true });
const missing: OffloadEvent = { type: 'seen', machine: machine('gone', ''), found: false };
const refused = (outcomeUnknown: boolean): OffloadEvent => ({
  type: 'refused',
  code: outcomeUnknown ? 'network' : 'capacity',
  message: 'no',
  outcomeUnknown,
});
const end: OffloadEvent = { type: 'end_wanted', why: 'canceled' };
const begin = (): Offload => beginOffload({ attemptId: 'e1-t1-a1', trialId: 1, poolId: 'aws', account: 'lab' }, 0);

function walk(...events: readonly (OffloadEvent | [OffloadEvent, number])[]): Offload {
  let offload = begin();
  for (const [index, one] of events.entries()) {
    const [event, atMs] = Array.isArray(one) ? one : [one, index * 1_000];
    const step = nextOffload(offload, event, atMs);
    if (step === null) throw new Error(`${event.type} is illegal in ${offload.phase}`);
    ({ offload } = step);
  }
  return offload;
}

describe('at most one machine', () => {
  it('asks for the same again as often as it takes, and for no other', () => {
    const offload = walk(asked(), refused(true), asked());
    expect(nextOffload(offload, asked(request('p5.48xlarge')), 1)).toBeNull();
    expect(nextOffload(offload, asked(request('m7i.large', 'eu-north-1')), 1)).toBeNull();
  });

  it('asks for the next choice when the first was refused for sure', () => {
    expect(walk(asked(), refused(false), asked(request('m7i.large', 'eu-north-1'))).request?.choice.region).toBe(
      'eu-north-1',
    );
  });

  it('is not sure that there is none because a later call was refused', () => {
    const lost = walk(asked(), refused(true), refused(false));
    expect(nextOffload(lost, asked(request('m7i.large', 'eu-north-1')), 1)).toBeNull();
    // The engine died between the call and its answer.
    const died = walk(asked(), asked(), refused(false));
    expect(nextOffload(died, asked(request('m7i.large', 'eu-north-1')), 1)).toBeNull();
  });

  it('asks for nothing once an end is wanted', () => {
    expect(nextOffload(walk(end), asked(), 1)).toBeNull();
    expect(nextOffload(walk(asked(), end), asked(), 1)).toBeNull();
  });
});

describe('gone', () => {
  it('is not what is not in sight yet', () => {
    const soon = walk(
      asked(),
      ...Array.from({ length: 50 }, (): OffloadEvent => missing).map((one, index): [OffloadEvent, number] => [
        one,
        index * 100,
      ]),
    );
    expect(soon).toMatchObject({ phase: 'launching', request: expect.anything() });
    expect(walk(asked(), seen('pending'), [missing, 0], [missing, ABSENCE_MS * 2]).phase).toBe('booting');
  });

  it('is what was missed often and long enough, after its end was wanted', () => {
    const times = Array.from({ length: ABSENCES }, (_, index): [OffloadEvent, number] => [missing, index * ABSENCE_MS]);
    expect(walk(asked(), refused(true), end, ...times)).toMatchObject({
      phase: 'gone',
      goneAtMs: (ABSENCES - 1) * ABSENCE_MS,
    });
    // Without that, another choice may be tried: it was never made.
    expect(walk(asked(), refused(true), ...times)).toMatchObject({ phase: 'launching', request: null });
  });

  it('is what was never asked for, at once', () => {
    expect(walk(end).phase).toBe('gone');
  });

  it('is not said of what cannot be looked at, for however long', () => {
    const away: OffloadEvent = { type: 'unreachable', code: 'auth', message: 'ExpiredToken', remedy: 'Sign in.' };
    const offload = walk(
      asked(),
      seen('running'),
      end,
      ...Array.from({ length: 500 }, (_, index): [OffloadEvent, number] => [away, index * 60_000]),
    );
    expect(offload).toMatchObject({ phase: 'terminating', attention: { text: 'ExpiredToken', remedy: 'Sign in.' } });
    expect(nextOffload(offload, seen('gone'), 1)?.offload).toMatchObject({ phase: 'gone', attention: null });
  });
});

it('is told when it runs on after its deadline, and its end is wanted then', () => {
  const late = walk(asked(), seen('running'), [seen('running'), 3_600_000 + DEADLINE_GRACE_MS + 1]);
  expect(late).toMatchObject({
    phase: 'terminating',
    endWanted: 'its deadline is over',
    attention: { text: expect.stringContaining('i-1') },
  });
});

const anyEvent: fc.Arbitrary<OffloadEvent> = fc.oneof(
  fc.constantFrom(asked(), asked(request('g4dn.xlarge')), refused(true), refused(false), end, missing),
  fc.constantFrom<MachineState>('pending', 'running', 'ending', 'gone').map(seen),
  fc
    .constantFrom('packing', 'uploading', 'booting', 'running', 'draining', 'collecting')
    .map((phase) => ({ type: 'went_on', phase }) as OffloadEvent),
  fc
    .constantFrom('network', 'auth')
    .map((code) => ({ type: 'unreachable', code, message: code, remedy: null }) as OffloadEvent),
);

it('keeps its invariants whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 200_000 })), { maxLength: 40 }), (events) => {
      let offload = begin();
      let nowMs = 0;
      let wasWanted = false;
      /** What may exist by what was told: asked for, not refused for sure, not seen gone. */
      let mayExist = false;
      let calls = 0;
      let isLost = false;
      for (const [event, afterMs] of events) {
        nowMs += afterMs;
        const step = nextOffload(offload, event, nowMs);
        if (event.type === 'asked' && step !== null) {
          if (mayExist) expect(offload.request).toEqual(event.request);
          mayExist = true;
        }
        if (event.type === 'asked' && step !== null) calls += 1;
        // Of one call whose answer came; of an earlier one nothing is known.
        if (event.type === 'refused') {
          isLost ||= event.outcomeUnknown || calls > 1;
          if (!isLost && offload.machineRef === null) mayExist = false;
        }
        if (event.type === 'seen' && event.found)
          mayExist = event.machine.state !== 'gone' && offload.request !== null && offload.phase !== 'gone';
        if (step === null) continue;
        const before = offload;
        ({ offload } = step);
        if (offload.request === null) [calls, isLost] = [0, false];
        if (offload.request === null || offload.phase === 'gone') {
          // It was proved, one way or the other.
          if (before.request !== null && before.phase !== 'gone')
            expect(
              event.type === 'refused' || (event.type === 'seen' && (event.machine.state === 'gone' || !event.found)),
            ).toBe(true);
          if (event.type === 'seen' && !event.found) mayExist = false;
        }
        if (offload.phase === 'gone') expect([offload.goneAtMs === null, mayExist]).toEqual([false, false]);
        if (before.phase === 'gone') expect(offload.phase).toBe('gone');
        if (wasWanted) expect(offload.endWanted).not.toBeNull();
        wasWanted = offload.endWanted !== null;
      }
    }),
    { numRuns: 2_000 },
  );
});

it('may be ended in every phase, and ends', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
      let offload = begin();
      for (const event of [...events, end]) offload = nextOffload(offload, event, 0)?.offload ?? offload;
      expect(['terminating', 'gone']).toContain(offload.phase);
      expect((nextOffload(offload, seen('gone'), 0)?.offload ?? offload).phase).toBe('gone');
    }),
  );
});
