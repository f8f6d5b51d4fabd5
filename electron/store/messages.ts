/** Where messages go (their addresses sealed), and the messages that are not sent yet: the end of a trial and its message are one transaction. */
import type { Database } from 'better-sqlite3';
import type { Channel, ChannelEvents } from '../contract/messages.ts';
import type { Message } from '../ports/messenger.ts';
import { prepared } from './database.ts';
import type { TrialRow } from './trials.ts';

/** More messages than this do not wait: the oldest go. */
export const MAX_WAITING = 1_000;
const DROPPED = `More than ${MAX_WAITING} messages waited to be sent; the oldest were dropped.`;

/** What a message is made of: the facts of an end. */
export interface EndedTrial extends Pick<Message, 'trialId' | 'trialName' | 'exitCode' | 'ranMs' | 'endedAtMs'> {
  readonly event: 'completed' | 'failed';
  /** Why, in a sentence. */
  readonly reason: string;
}

export interface WaitingMessage {
  readonly id: number;
  readonly tries: number;
  readonly ended: EndedTrial;
}

export interface ChannelRow extends Omit<Channel, 'lastError'> {
  /** Its ChannelTarget, sealed. */
  readonly sealed: string;
  readonly lastError: string | null;
  readonly lastErrorAtMs: number | null;
}

const COLUMNS = `name, kind, sealed, shown, events, least_ran_s AS leastRanS, last_sent_at_ms AS lastSentAtMs, last_error AS lastError,
  last_error_at_ms AS lastErrorAtMs, (SELECT COUNT(*) FROM message WHERE message.channel = message_channel.name) AS waiting`;

export function listChannels(db: Database): ChannelRow[] {
  return prepared(db, `SELECT ${COLUMNS} FROM message_channel ORDER BY name`).all() as ChannelRow[];
}

export function getChannel(db: Database, name: string): ChannelRow | null {
  return (
    (prepared(db, `SELECT ${COLUMNS} FROM message_channel WHERE name = ?`).get(name) as ChannelRow | undefined) ?? null
  );
}

/** Makes a channel or changes all of it; what it failed with before is forgotten. */
export function putChannel(
  db: Database,
  row: Pick<ChannelRow, 'name' | 'kind' | 'sealed' | 'shown' | 'events' | 'leastRanS'>,
): void {
  prepared(
    db,
    `INSERT INTO message_channel (name, kind, sealed, shown, events, least_ran_s) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed, shown = excluded.shown, events = excluded.events,
      least_ran_s = excluded.least_ran_s, last_error = NULL, last_error_at_ms = NULL`,
  ).run(row.name, row.kind, row.sealed, row.shown, row.events, row.leastRanS);
  prepared(db, 'UPDATE message SET tries = 0, not_before_ms = 0 WHERE channel = ?').run(row.name);
}

/** Its messages go with it. @returns whether there was one */
export function deleteChannel(db: Database, name: string): boolean {
  prepared(db, 'DELETE FROM message WHERE channel = ?').run(name);
  return prepared(db, 'DELETE FROM message_channel WHERE name = ?').run(name).changes > 0;
}

/** @returns the channels a trial names; null = none in particular */
export function getTrialChannels(db: Database, trialId: number): string[] | null {
  const text = prepared(db, 'SELECT message_channels FROM trial WHERE id = ?').pluck().get(trialId) as
    string | null | undefined;
  return text == null ? null : (JSON.parse(text) as string[]);
}

export function setTrialChannels(db: Database, trialId: number, channels: readonly string[] | null): void {
  prepared(db, 'UPDATE trial SET message_channels = ? WHERE id = ?').run(
    channels === null ? null : JSON.stringify(channels),
    trialId,
  );
}

/** Queues what is to be said of a trial that is done now; to be called in the transaction of its end. */
export function queueMessages(db: Database, trial: TrialRow, nowMs: number): void {
  const { outcome } = trial;
  if (outcome === null || (outcome.kind !== 'completed' && outcome.kind !== 'failed')) return;
  const channels = prepared(db, 'SELECT name, events, least_ran_s AS leastRanS FROM message_channel').all() as {
    name: string;
    events: ChannelEvents;
    leastRanS: number;
  }[];
  if (channels.length === 0) return;
  const endedAtMs = trial.endedAtMs ?? nowMs;
  const ended: EndedTrial = {
    event: outcome.kind,
    trialId: trial.id,
    trialName: trial.name,
    exitCode: outcome.exitCode,
    ranMs: trial.startedAtMs === null ? null : Math.max(0, endedAtMs - trial.startedAtMs),
    endedAtMs,
    reason: outcome.message,
  };
  const named = getTrialChannels(db, trial.id);
  for (const { name, events, leastRanS } of channels) {
    const isWanted =
      named === null
        ? (events === 'done' || (events === 'failed' && outcome.kind === 'failed')) &&
          (ended.ranMs ?? 0) >= leastRanS * 1000
        : named.includes(name);
    if (isWanted) prepared(db, 'INSERT INTO message (channel, payload) VALUES (?, ?)').run(name, JSON.stringify(ended));
  }
  dropOldest(db, nowMs);
}

function dropOldest(db: Database, nowMs: number): void {
  const last = prepared(db, 'SELECT id FROM message ORDER BY id DESC LIMIT 1 OFFSET ?').pluck().get(MAX_WAITING) as
    number | undefined;
  if (last === undefined) return;
  prepared(
    db,
    'UPDATE message_channel SET last_error = ?, last_error_at_ms = ? WHERE name IN (SELECT channel FROM message WHERE id <= ?)',
  ).run(DROPPED, nowMs, last);
  prepared(db, 'DELETE FROM message WHERE id <= ?').run(last);
}

/** @returns for each channel with messages, when its oldest one may be sent */
export function listDue(db: Database): { readonly channel: string; readonly notBeforeMs: number }[] {
  return prepared(
    db,
    `SELECT channel, not_before_ms AS notBeforeMs FROM message WHERE id IN (SELECT MIN(id) FROM message GROUP BY channel)`,
  ).all() as { channel: string; notBeforeMs: number }[];
}

export function oldestMessage(db: Database, channel: string): WaitingMessage | null {
  const row = prepared(db, 'SELECT id, tries, payload FROM message WHERE channel = ? ORDER BY id LIMIT 1').get(
    channel,
  ) as { id: number; tries: number; payload: string } | undefined;
  return row === undefined ? null : { id: row.id, tries: row.tries, ended: JSON.parse(row.payload) as EndedTrial };
}

/** It was sent. @param id null = a test */
export function noteSent(db: Database, channel: string, id: number | null, atMs: number): void {
  if (id !== null) prepared(db, 'DELETE FROM message WHERE id = ?').run(id);
  prepared(
    db,
    'UPDATE message_channel SET last_sent_at_ms = ?, last_error = NULL, last_error_at_ms = NULL WHERE name = ?',
  ).run(atMs, channel);
}

/** It was not sent. @param againAtMs when it is tried again; null = it is given up */
export function noteFailed(
  db: Database,
  channel: string,
  id: number,
  error: { readonly message: string; readonly atMs: number },
  againAtMs: number | null,
): void {
  if (againAtMs === null) prepared(db, 'DELETE FROM message WHERE id = ?').run(id);
  else prepared(db, 'UPDATE message SET tries = tries + 1, not_before_ms = ? WHERE id = ?').run(againAtMs, id);
  prepared(db, 'UPDATE message_channel SET last_error = ?, last_error_at_ms = ? WHERE name = ?').run(
    error.message,
    error.atMs,
    channel,
  );
}
