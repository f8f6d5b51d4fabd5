/**
 * The port to whoever has machines: one that is there already (SSH) or a cloud that makes one for each attempt. One conformance
 * suite runs on
 * the fake, on the simulated cloud and on the real things. No I/O here.
 *
 * A provider never remembers: whatever it must know again after a crash is in the request, which the engine keeps before the call.
 */
import type { Mailbox } from './mailbox.ts';

/** What went wrong elsewhere; each has its own rule for another try (electron/cloud). */
export type ProviderErrorCode =
  /** Nothing of this kind to be had there now: the next choice of the pool. */
  | 'capacity'
  | 'quota'
  | 'permission'
  /** Credentials are wrong, expired or revoked. */
  | 'auth'
  | 'image'
  | 'throttled'
  | 'network'
  /** It can never work: a type that is not offered, a host that is unknown. */
  | 'refused'
  /** A code that we do not know: once more elsewhere, then told. */
  | 'unknown';

export class ProviderError extends Error {
  readonly code: ProviderErrorCode;
  readonly remedy: string | null;
  /** The call may have taken effect (its answer was lost): only looking tells. */
  readonly outcomeUnknown: boolean;
  constructor(
    code: ProviderErrorCode,
    message: string,
    options: { readonly remedy?: string; readonly outcomeUnknown?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ProviderError';
    this.code = code;
    this.remedy = options.remedy ?? null;
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** A finding of `check`: what was looked at, in words for people. */
export interface ProviderFinding {
  readonly id: string;
  readonly level: 'ok' | 'warning' | 'error';
  readonly text: string;
  readonly remedy: string | null;
}

/** Prices in US dollars; null = unknown, which is never shown as 0. A machine that is there already costs null per hour and `free`. */
export interface Quote {
  readonly free: boolean;
  readonly perHourUsd: number | null;
  /** The disk beside the machine, an hour. */
  readonly diskPerHourUsd: number | null;
  /** Where the price comes from and when it was taken. */
  readonly source: string | null;
}

/** One place a machine may be tried at, in the pool's order of preference. */
export interface MachineChoice {
  readonly region: string;
  readonly machineType: string;
  readonly spot: boolean;
}

/** What a rented machine is like, beside its choice. */
export interface MachineWish {
  /** As the provider names images, or one of its aliases; null = what fits a trial that brings its own container or environment. */
  readonly image: string | null;
  readonly diskGiB: number;
  /** For spot; null = up to the price on demand. */
  readonly maxPricePerHourUsd: number | null;
}

/** The intent that is in the database before `provision` is called; the same request gives the same machine however often it is made. */
export interface MachineRequest {
  /** "<engineId>-t<trial>-a<attempt>", the attempt's key; [a-z0-9-]. Token, name and tag of the machine. */
  readonly attemptId: string;
  readonly engineId: string;
  readonly choice: MachineChoice;
  /** null only where nothing is rented. */
  readonly machine: MachineWish | null;
  /** When the intent was written: what is signed for the machine is signed as of then, so that it is the same whenever it is sent. */
  readonly requestedAtMs: number;
  /** The machine ends itself then, whatever happens; null only where nothing is rented. */
  readonly deadlineMs: number | null;
  /** Prefix of the attempt in the mailbox; what the agent is told to fetch is `${prefix}spec.json`. */
  readonly prefix: string;
  /** sha256 of that object, hex: the agent runs nothing else. */
  readonly specSha256: string;
  /** Keys of the packs that it names: a machine without credentials is handed a request for each. */
  readonly reads: readonly string[];
}

/** `gone` is said only of what was looked up and is not there, or has ended for good with all that cost money beside it. */
export type MachineState = 'pending' | 'running' | 'ending' | 'gone';

export interface Machine {
  /** The provider's name for it (an instance id, the host's name). */
  readonly ref: string;
  readonly attemptId: string;
  readonly engineId: string;
  readonly region: string;
  readonly state: MachineState;
  readonly startedAtMs: number | null;
  readonly deadlineMs: number | null;
  /** The provider took it away (spot), as far as it says so. */
  readonly preempted: boolean;
}

/** All calls of one account or host; made per operation, so that changed credentials count at once. */
export interface Provider {
  /** Whether it can be used, and what is missing for what. Costs nothing, changes nothing. Never rejects. */
  check(choices: readonly MachineChoice[]): Promise<readonly ProviderFinding[]>;
  quote(choice: MachineChoice, machine: MachineWish | null): Promise<Quote>;
  /**
   * Starts a machine with the agent on it. The same request again returns the machine there is.
   * @throws ProviderError
   */
  provision(request: MachineRequest): Promise<Machine>;
  /** @returns what became of it; state 'gone' where it is not to be found. @throws ProviderError */
  observe(request: MachineRequest): Promise<Machine>;
  /**
   * Starts the agent again where its machine is still there but the agent is not: it takes up what its program did meanwhile, or says that
   * it is lost. Missing where a machine that ended never comes back. @throws ProviderError
   */
  revive?(request: MachineRequest): Promise<Machine>;
  /** Ends it for good. Not found counts as done. Whether it is gone only `observe` tells. @throws ProviderError */
  terminate(request: Pick<MachineRequest, 'attemptId' | 'engineId' | 'choice'>): Promise<void>;
  /** Machines with our mark in a region, of any engine, that are not gone. @throws ProviderError */
  list(region: string): Promise<readonly Machine[]>;
  /** The mailbox that machines in this region use. @throws ProviderError */
  mailbox(region: string): Promise<Mailbox>;
  /** What a person types and where he looks to end it by hand. */
  byHand(machine: Pick<Machine, 'ref' | 'region'>): { readonly command: string; readonly url: string | null };
  close(): Promise<void>;
}
