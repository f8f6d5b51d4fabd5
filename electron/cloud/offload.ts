/**
 * The journey of an attempt to a rented machine and back, as a pure state machine.
 *
 *   preflight -> packing -> uploading -> launching -> booting -> running -> draining -> collecting -> terminating -> gone
 *
 * Invariants:
 * - At most one machine: a request is written before the call that makes it, and another one is possible only when the first was
 *   refused for sure or its machine is verified gone. A refusal is sure only of the first call: of one whose answer was lost, or never
 *   taken in because the engine died, nothing said later tells whether it took effect, but looking for it.
 * - `gone` is reached by having looked, or where nothing was ever asked for. What is not to be found is gone only after it was missed
 *   ABSENCES times over ABSENCE_MS: a cloud shows what it has made some seconds later.
 * - An end may be wanted in every phase, and once wanted stays wanted. It is tried until the machine is gone; `attention` says why it takes so long.
 */
import { OFFLOAD_PHASES, type OffloadPhase } from '../contract/cloud.ts';
import type { Machine, MachineRequest, ProviderErrorCode, Quote } from '../ports/provider.ts';

export type Phase = OffloadPhase;

export const ABSENCES = 3;
export const ABSENCE_MS = 2 * 60_000;
/** After its deadline a machine has this long to be gone before somebody is told. */
export const DEADLINE_GRACE_MS = 10 * 60_000;

export interface Attention {
  readonly sinceMs: number;
  readonly text: string;
  readonly remedy: string | null;
}

export interface Offload {
  readonly attemptId: string;
  readonly trialId: number;
  readonly poolId: string;
  readonly account: string;
  readonly phase: Phase;
  readonly phaseSinceMs: number;
  readonly createdAtMs: number;
  /** What was asked for and may have been made; null = nothing that could still be there. */
  readonly request: MachineRequest | null;
  readonly quote: Quote | null;
  /** An answer was lost, or never taken in: a refusal of the next call says nothing of the one before. */
  readonly uncertain: boolean;
  readonly machineRef: string | null;
  /** When the bill began, as far as it is known; else when it was asked for. */
  readonly billedFromMs: number | null;
  readonly preempted: boolean;
  /** Why its end is wanted; null = it is not. */
  readonly endWanted: string | null;
  readonly missed: { readonly times: number; readonly sinceMs: number } | null;
  readonly attention: Attention | null;
  readonly goneAtMs: number | null;
}

export type OffloadEvent =
  /** What the runtime does with it now; never backwards. */
  | {
      readonly type: 'went_on';
      readonly phase: 'packing' | 'uploading' | 'booting' | 'running' | 'draining' | 'collecting';
    }
  /** To be saved before the call. */
  | { readonly type: 'asked'; readonly request: MachineRequest; readonly quote: Quote }
  | { readonly type: 'seen'; readonly machine: Machine; readonly found: boolean }
  /** The call that makes it was refused; `outcomeUnknown`: or only its answer was lost. */
  | {
      readonly type: 'refused';
      readonly code: ProviderErrorCode;
      readonly message: string;
      readonly outcomeUnknown: boolean;
    }
  | { readonly type: 'end_wanted'; readonly why: string }
  /** It could not be looked at, or not be ended. */
  | {
      readonly type: 'unreachable';
      readonly code: ProviderErrorCode;
      readonly message: string;
      readonly remedy: string | null;
    };

export interface Step {
  readonly offload: Offload;
  /** A line of its history; null = nothing that anybody wants to read. */
  readonly text: string | null;
}

export function beginOffload(
  facts: Pick<Offload, 'attemptId' | 'trialId' | 'poolId' | 'account'>,
  nowMs: number,
): Offload {
  return {
    ...facts,
    phase: 'preflight',
    phaseSinceMs: nowMs,
    createdAtMs: nowMs,
    request: null,
    quote: null,
    uncertain: false,
    machineRef: null,
    billedFromMs: null,
    preempted: false,
    endWanted: null,
    missed: null,
    attention: null,
    goneAtMs: null,
  };
}

/** @returns what it is then; null = illegal: nothing may be done that was about to be */
export function nextOffload(offload: Offload, event: OffloadEvent, nowMs: number): Step | null {
  const stay = (text: string | null = null, change: Partial<Offload> = {}): Step => ({
    offload: { ...offload, ...change },
    text,
  });
  const to = (phase: Phase, text: string | null, change: Partial<Offload> = {}): Step => ({
    offload: { ...offload, phase, phaseSinceMs: phase === offload.phase ? offload.phaseSinceMs : nowMs, ...change },
    text,
  });
  if (offload.phase === 'gone') return event.type === 'asked' || event.type === 'went_on' ? null : stay();

  switch (event.type) {
    case 'went_on':
      if (offload.endWanted !== null) return stay();
      return isBefore(offload.phase, event.phase) ? to(event.phase, null) : stay();

    case 'asked': {
      if (offload.endWanted !== null) return null;
      if (offload.request !== null)
        return sameRequest(offload.request, event.request) ? stay(null, { uncertain: true }) : null;
      const { region, machineType, spot } = event.request.choice;
      return to('launching', `Asking for a machine: ${machineType} in ${region}${spot ? ', spot' : ''}.`, {
        request: event.request,
        quote: event.quote,
        billedFromMs: nowMs,
        missed: null,
      });
    }

    case 'refused':
      if (offload.request === null) return stay();
      if (event.outcomeUnknown)
        return stay(`The answer was lost; looking whether the machine was made. (${event.message})`, {
          uncertain: true,
        });
      return offload.uncertain || offload.machineRef !== null
        ? stay(`It is not known whether the machine was made. (${event.message})`)
        : closeRequest(`No machine: ${event.message}`);

    case 'seen':
      return offload.request === null ? stay() : seen(event.machine, event.found, offload.request);

    case 'end_wanted': {
      if (offload.endWanted !== null) return stay();
      if (offload.request === null)
        return gone(`Ended before a machine was asked for: ${event.why}`, { endWanted: event.why });
      return to('terminating', `Ending the machine: ${event.why}`, { endWanted: event.why });
    }

    case 'unreachable': {
      // A net that is away mends itself. Credentials do not, and neither does what nobody knows.
      const isSevere = event.code !== 'network' && event.code !== 'throttled';
      const isLate = offload.request?.deadlineMs != null && nowMs > offload.request.deadlineMs + DEADLINE_GRACE_MS;
      if ((!isSevere && !isLate) || offload.attention?.text === event.message) return stay();
      return stay(`Needs attention: ${event.message}`, {
        attention: { sinceMs: offload.attention?.sinceMs ?? nowMs, text: event.message, remedy: event.remedy },
      });
    }
  }

  function seen(machine: Machine, found: boolean, request: MachineRequest): Step {
    if (!found) {
      const times = (offload.missed?.times ?? 0) + 1;
      const sinceMs = offload.missed?.sinceMs ?? nowMs;
      const isAbsent = times >= ABSENCES && nowMs - sinceMs >= ABSENCE_MS;
      if (!isAbsent) return stay(null, { missed: { times, sinceMs } });
      // Asked for, never answered, and never seen: it was not made. Another choice may be tried.
      if (offload.machineRef === null && offload.endWanted === null)
        return closeRequest('The machine was not made: it was looked for again and again, and is nowhere.');
      return gone('The machine is gone: it was looked for again and again, and is nowhere.');
    }
    const isNew = offload.machineRef === null;
    const known: Partial<Offload> = {
      machineRef: machine.ref,
      billedFromMs: machine.startedAtMs ?? offload.billedFromMs,
      preempted: offload.preempted || machine.preempted,
      missed: null,
      attention: null,
    };
    if (machine.state === 'gone')
      return gone(
        machine.preempted ? 'The provider took the machine back. It is gone.' : 'The machine is verified gone.',
        known,
      );
    const isLate = request.deadlineMs !== null && nowMs > request.deadlineMs + DEADLINE_GRACE_MS;
    if (isLate)
      return to('terminating', offload.attention === null ? 'Needs attention: it runs on after its deadline.' : null, {
        ...known,
        endWanted: offload.endWanted ?? 'its deadline is over',
        attention: offload.attention ?? {
          sinceMs: nowMs,
          text: `The machine ${machine.ref} still runs after its deadline. Ending it is tried again every minute.`,
          remedy: 'End it by hand, with the command or the link.',
        },
      });
    if (offload.phase === 'terminating') return stay(null, known);
    if (isNew)
      return to(
        isBefore(offload.phase, 'booting') ? 'booting' : offload.phase,
        `The machine ${machine.ref} was made.`,
        known,
      );
    return stay(null, known);
  }

  function closeRequest(text: string): Step {
    const closed: Partial<Offload> = {
      request: null,
      uncertain: false,
      machineRef: null,
      billedFromMs: null,
      missed: null,
      attention: null,
    };
    return offload.endWanted === null ? to('launching', text, closed) : gone(text, closed);
  }

  function gone(text: string, change: Partial<Offload> = {}): Step {
    return to('gone', text, { ...change, goneAtMs: nowMs, attention: null, missed: null });
  }
}

export function isBefore(a: Phase, b: Phase): boolean {
  return OFFLOAD_PHASES.indexOf(a) < OFFLOAD_PHASES.indexOf(b);
}

/** The same token with other parameters is a fault; the same parameters are the same machine. */
function sameRequest(a: MachineRequest, b: MachineRequest): boolean {
  return (
    a.attemptId === b.attemptId &&
    a.choice.region === b.choice.region &&
    a.choice.machineType === b.choice.machineType &&
    a.choice.spot === b.choice.spot
  );
}
