/**
 * Follows one attempt elsewhere: takes its stream into the local log, reports and checkpoints, passes on the wish to stop, and tells how it
 * ended when everything of it is at home.
 *
 * following -> (the mailbox or the provider does not answer: it goes on there, and is asked again) -> collecting -> ended.
 * Invariants: a byte of the log is written once and in order, and what never came is marked; a word that cannot be read holds nothing up;
 * the cursor never passes a checkpoint that is not registered;
 * an attempt counts as lost only when its machine is gone, it left no result, and it could not be brought back.
 */
import { closeSync, openSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../ports/clock.ts';
import { MailboxError, type Mailbox } from '../ports/mailbox.ts';
import { ProviderError, type Machine, type MachineRequest, type Provider } from '../ports/provider.ts';
import type { AttemptHandle, ExitInfo } from '../ports/trial-runtime.ts';
import type { Archives } from '../ports/archives.ts';
import {
  Beat,
  AGENT_VERSION,
  CheckpointWord,
  readObject,
  readUpKey,
  Result,
  resultKey,
  upKeyAfter,
  upPrefix,
  type Verb,
} from './agent-protocol.ts';
import { bringCheckpoint, bringTrees, DamagedError, takeChunk, type Homecoming } from './bring-home.ts';
import { exitOf, exitWithoutStart, lostExit } from './explain-result.ts';
import type { Intent, Journal } from './remote-journal.ts';

export interface Pace {
  /** Between two looks at the stream, ms. */
  readonly lookMs: number;
  /** The longest pause while it cannot be reached. */
  readonly againMs: number;
  /** After this long without a word the provider is asked whether the machine is still there. */
  readonly quietMs: number;
}

export interface FollowDeps {
  readonly clock: Clock;
  readonly archives: Archives;
  readonly handle: AttemptHandle;
  readonly intent: Intent;
  readonly journal: Journal;
  readonly pace: Pace;
  readonly openProvider: () => Promise<Provider>;
  readonly wish: (verb: Verb) => Promise<void>;
  /** Tells what could not be told while it was not reachable. */
  readonly payOwed: () => Promise<void>;
  /** What people should know; null = nothing any more. */
  readonly onActivity: (text: string | null) => void;
  readonly onBeat: (beat: Beat) => void;
  readonly report: (text: string, error: unknown) => void;
}

/** Brought back that often, it is given up. */
const MOST_REVIVALS = 3;

/** @returns null when it was told to stop watching */
export async function followRemote(deps: FollowDeps, stop: AbortSignal): Promise<ExitInfo | null> {
  const { intent, journal, clock } = deps;
  const { prefix, attemptId } = intent.request;
  const known = await journal.exit();
  if (known !== null) return known;
  let { seq, beat } = await journal.cursor();
  /** Checkpoints come one after the other, beside the log. */
  let checkpoints = Promise.resolve();
  const coming = new Set<number>();
  let wishTold = false;
  let lastWordMs = clock.monotonicMs();
  let unreachableSinceMs: number | null = null;
  let pauseMs = deps.pace.lookMs;
  let revivals = 0;
  let gone = 0;
  let isDamageNoted = false;

  /** One connection for as long as it works: what changed since (credentials, the network) counts with the next. */
  let connection: Promise<Connection> | null = null;
  const connected = (): Promise<Connection> => (connection ??= connect(deps));
  async function disconnect(): Promise<void> {
    const before = connection;
    connection = null;
    const open = await before?.catch(() => null);
    await open?.mailbox.close().catch(() => undefined);
    await open?.provider.close().catch(() => undefined);
  }

  async function keepCursor(): Promise<void> {
    await journal.keepCursor({ seq: Math.min(seq, ...[...coming].map((one) => one - 1)), beat });
  }

  const homeOf = (mailbox: Mailbox): Homecoming => ({
    archives: deps.archives,
    mailbox,
    prefix,
    stateDir: deps.handle.stateDir,
    dirs: intent.dirs,
  });

  function comeHome(number: number, at: number): void {
    coming.add(at);
    checkpoints = checkpoints.then(async () => {
      while (!stop.aborted) {
        try {
          await bringCheckpoint(homeOf((await connected()).mailbox), number);
          break;
        } catch (error) {
          if (error instanceof DamagedError || (error instanceof MailboxError && error.code === 'not_found')) {
            deps.report(`checkpoint ${number} of ${intent.request.attemptId} is not taken: it is torn`, error);
            break;
          }
          deps.report(`checkpoint ${number} of ${intent.request.attemptId} did not arrive yet`, error);
          await pause(deps.pace.againMs, stop);
        }
      }
      if (!stop.aborted) coming.delete(at);
    });
  }

  /** A word that cannot be read is passed over. Noted once: there may be one a second. */
  function noteDamage(key: string, damage: string): void {
    if (!isDamageNoted) deps.report(`a word of ${attemptId} cannot be read and is passed over: ${key}`, damage);
    isDamageNoted = true;
  }

  /** @returns whether the last word was said */
  async function takeIn(mailbox: Mailbox): Promise<boolean> {
    let hasEnded = false;
    for (let more = true; more && !stop.aborted;) {
      const page = await mailbox.list(upPrefix(prefix), upKeyAfter(prefix, seq));
      ({ more } = page);
      for (const { key } of page.objects) {
        const word = readUpKey(key, prefix);
        if (word === null) continue;
        if (word.kind === 'log' || word.kind === 'rep') {
          const file = word.kind === 'log' ? deps.handle.logPath : path.join(intent.dirs.exchange, 'reports.jsonl');
          const stream = { file, gap: journal.gapOf(word.kind), mark: word.kind === 'log' ? markGap : () => '\n' };
          const missing = await takeChunk(stream, word.offset, (from) => mailbox.read(key, from));
          if (missing > 0) deps.report(`${missing} bytes of ${path.basename(file)} of ${attemptId} are missing`, key);
        } else if (word.kind === 'hb') {
          const { said, damage } = readObject(Beat, await mailbox.read(key));
          if (said === null) noteDamage(key, damage);
          else {
            beat = said;
            deps.onBeat(beat);
            if (beat.asksForStop) leaveFile(path.join(intent.dirs.exchange, 'stop.asked'));
          }
        } else if (word.kind === 'ckpt') {
          const { said, damage } = readObject(CheckpointWord, await mailbox.read(key));
          if (said === null) noteDamage(key, damage);
          else comeHome(said.number, word.seq);
        } else hasEnded = true;
        ({ seq } = word);
        lastWordMs = clock.monotonicMs();
        if (stop.aborted) return false;
      }
      if (page.objects.length > 0) await keepCursor();
    }
    return hasEnded;
  }

  async function collect(mailbox: Mailbox): Promise<ExitInfo | null> {
    const result = await readResult(mailbox, prefix, clock.nowMs());
    if (result === null) return null;
    await checkpoints;
    if (stop.aborted) return null;
    let damage: string | null = null;
    await bringTrees(homeOf(mailbox), result.trees).catch((error: unknown) => {
      if (!(error instanceof DamagedError)) throw error;
      damage = error.message;
      deps.report(`what ${intent.request.attemptId} wrote did not arrive whole`, error);
    });
    const exit = result.started ? exitOf(result) : exitWithoutStart(result);
    const told =
      damage === null ? exit : { ...exit, message: `What it wrote did not arrive whole: ${String(damage)}.` };
    await journal.keepExit(told);
    return told;
  }

  /** Nobody said anything for a while. @returns an exit where it is over */
  async function lookAfter(provider: Provider, mailbox: Mailbox): Promise<ExitInfo | null> {
    const machine = await provider.observe(intent.request);
    lastWordMs = clock.monotonicMs();
    // Where the agent ended before its program, that is left over.
    const isLeft = machine.state === 'gone' || (machine.state === 'ending' && provider.revive !== undefined);
    gone = isLeft ? gone + 1 : 0;
    if (!isLeft || gone < looksForGone(machine, intent.request)) return null;
    // It may have said its last word between the listing and the look.
    await takeIn(mailbox);
    const exit = await collect(mailbox);
    if (exit !== null) return exit;
    if (provider.revive !== undefined && revivals++ < MOST_REVIVALS) {
      await provider.revive(intent.request);
      return null;
    }
    const lost = lostExit(machine.preempted, clock.nowMs());
    await checkpoints;
    await journal.keepExit(lost);
    return lost;
  }

  async function round(): Promise<ExitInfo | null> {
    const { provider, mailbox } = await connected();
    await deps.payOwed();
    const hasEnded = await takeIn(mailbox);
    if (unreachableSinceMs !== null) {
      unreachableSinceMs = null;
      deps.onActivity(null);
    }
    if (!wishTold && (await isThere(path.join(intent.dirs.exchange, 'stop')))) {
      await deps.wish('wish');
      wishTold = true;
    }
    if (hasEnded) {
      const exit = await collect(mailbox);
      if (exit !== null) return exit;
    }
    return clock.monotonicMs() - lastWordMs > deps.pace.quietMs ? lookAfter(provider, mailbox) : null;
  }

  try {
    while (!stop.aborted) {
      try {
        const exit = await round();
        if (stop.aborted) return null;
        if (exit !== null) return exit;
        pauseMs = deps.pace.lookMs;
      } catch (error) {
        if (stop.aborted) return null;
        await disconnect();
        pauseMs = Math.min(deps.pace.againMs, pauseMs * 2);
        if (error instanceof MailboxError || error instanceof ProviderError) {
          unreachableSinceMs ??= clock.nowMs();
          deps.onActivity(sayUnreachable(error, unreachableSinceMs));
        } else deps.report(`${intent.request.attemptId} could not be followed, trying again`, error);
      }
      await pause(pauseMs, stop);
    }
    return null;
  } finally {
    await disconnect();
  }
}

interface Connection {
  readonly provider: Provider;
  readonly mailbox: Mailbox;
}

async function connect({ openProvider, intent }: FollowDeps): Promise<Connection> {
  const provider = await openProvider();
  try {
    return { provider, mailbox: await provider.mailbox(intent.request.choice.region) };
  } catch (error) {
    await provider.close();
    throw error;
  }
}

/** A machine that was just made is not seen everywhere yet: one that is not found is looked for again before it counts as gone. */
const LOOKS_FOR_GONE = 3;

function looksForGone(machine: Machine, { deadlineMs }: MachineRequest): number {
  return deadlineMs === null || machine.startedAtMs !== null ? 1 : LOOKS_FOR_GONE;
}

const markGap = (missingBytes: number): string => `\n[${missingBytes} bytes of output are missing here]\n`;

/**
 * How it ended, by its own word. One that cannot be read is an end as well: it stays as it is, however often it is asked for. It counts
 * as failed, not as lost: a machine that always ends so is not made again without end.
 * @returns null where there is none. @throws MailboxError
 */
export async function readResult(mailbox: Mailbox, prefix: string, nowMs: number): Promise<Result | null> {
  const bytes = await mailbox.read(resultKey(prefix)).catch((error: unknown) => {
    if (error instanceof MailboxError && error.code === 'not_found') return null;
    throw error;
  });
  if (bytes === null) return null;
  const { said, damage } = readObject(Result, bytes);
  return (
    said ?? {
      version: AGENT_VERSION,
      attemptId: prefix.slice(0, -1),
      started: true,
      exitCode: null,
      signal: null,
      reason: null,
      message: `What the machine says of its end cannot be read: ${damage}.`,
      remedy: 'Its log and checkpoints are here as far as they came; start it again to go on from the last checkpoint.',
      endedAtMs: nowMs,
      trees: [],
      logBytes: 0,
      reportBytes: 0,
      lastSeq: 0,
    }
  );
}

function sayUnreachable(error: MailboxError | ProviderError, sinceMs: number): string {
  const since = new Date(sinceMs).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return error.code === 'network'
    ? `not reachable since ${since}; it goes on there`
    : `out of sight since ${since}: ${error.message} It goes on there.`;
}

function leaveFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch {
    // It is there, or cannot be: then the signal comes at once.
  }
}

async function isThere(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => null)) !== null;
}

/** Settles after the time, or when told to stop. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    stop.addEventListener('abort', done);
  });
}
