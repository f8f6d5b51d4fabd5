/** Sends what an attempt needs to where it will run: its files as packs, and the description of what to run. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Archives } from '../ports/archives.ts';
import type { Mailbox } from '../ports/mailbox.ts';
import { LaunchError, type LaunchMount, type LaunchSpec } from '../ports/trial-runtime.ts';
import { sayBytes } from '../text/say.ts';
import {
  AGENT_VERSION,
  packKey,
  PLACE,
  PLACE_NAMES,
  specKey,
  type AgentPack,
  type AgentSpec,
  type PlaceName,
} from './agent-protocol.ts';

/** Files of the exchange that are the engine's own, or come as they are written. */
const OWN_EXCHANGE: ReadonlySet<string> = new Set(['reports.jsonl', 'stop', 'stop.asked']);

export interface Sending {
  readonly spec: LaunchSpec;
  readonly dirs: Readonly<Record<PlaceName, string>>;
  readonly prefix: string;
  readonly graceMs: number;
  readonly timeLimitMs: number | null;
  readonly setup: AgentSpec['setup'];
  /** Directory of the first processes of containers, by processor. */
  readonly entryDir: string;
  readonly onActivity: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @returns the directories of the attempt here. @throws LaunchError where one of them is the user's own */
export function ownDirs(mounts: readonly LaunchMount[]): Readonly<Record<PlaceName, string>> {
  if (mounts.some(({ role }) => role === 'work'))
    throw new LaunchError(
      'mount_failed',
      'A trial that works in your own directory cannot run on another machine.',
      'Submit it without --in-place, so that it gets a copy.',
    );
  const find = (name: PlaceName): string => {
    const mount = mounts.find(({ role, containerPath }) => role === 'own' && containerPath === `${PLACE}${name}`);
    if (mount === undefined) throw new Error(`no directory for ${name}`);
    return mount.hostPath;
  };
  return Object.fromEntries(PLACE_NAMES.map((name) => [name, find(name)])) as Record<PlaceName, string>;
}

/**
 * Stores packs and description; what is there already is not sent again.
 * @returns sha256 of the description, and the keys of what it names
 * @throws MailboxError, the system's error
 */
export async function sendAttempt(
  archives: Archives,
  mailbox: Mailbox,
  sending: Sending,
): Promise<{ readonly specSha256: string; readonly reads: string[] }> {
  const { spec, dirs, signal } = sending;
  const packs: AgentPack[] = [];
  const send = async (into: AgentPack['into'], dir: string, only: readonly string[] | null): Promise<void> => {
    signal.throwIfAborted();
    const file = path.join(spec.stateDir, `pack-${into}.tar.gz`);
    try {
      const packed = await archives.pack(dir, only, file);
      if (packed === null) return;
      const key = packKey(packed.sha256);
      await mailbox.put(
        key,
        { file },
        {
          signal,
          onSent: (bytes) => {
            sending.onActivity(`sending its files (${sayPart(bytes, packed.sizeBytes)})`);
          },
        },
      );
      packs.push({ key, ...packed, into });
    } finally {
      await rm(file, { force: true });
    }
  };
  sending.onActivity('packing its files');
  await mkdir(spec.stateDir, { recursive: true, mode: 0o700 });
  await send('work', dirs.work, null);
  await send(
    'helper',
    dirs.helper,
    (await entriesIn(dirs.helper)).map(({ name }) => name).filter((name) => name !== '__pycache__'),
  );
  await send(
    'exchange',
    dirs.exchange,
    (await entriesIn(dirs.exchange)).map(({ name }) => name).filter((name) => !OWN_EXCHANGE.has(name)),
  );
  await send('output', dirs.output, null);
  const latest = spec.env['SWITCHYARD_LATEST_CHECKPOINT'] ?? '';
  // Of the finished ones that it goes on from; files beside them may be a framework's own.
  const loose = (await entriesIn(dirs.checkpoints)).filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const last = latest.startsWith(`${PLACE}checkpoints/`) ? [path.posix.basename(latest)] : [];
  await send('checkpoints', dirs.checkpoints, [...loose, ...last]);
  if (spec.image !== null) await send('entry', sending.entryDir, null);
  const text = JSON.stringify(describe(sending, packs));
  await mailbox.put(specKey(sending.prefix), new TextEncoder().encode(text), { signal });
  // One that is there already was sent before a crash: it is what will run.
  const stored = await mailbox.read(specKey(sending.prefix));
  const { packs: named } = JSON.parse(new TextDecoder().decode(stored)) as Pick<AgentSpec, 'packs'>;
  return { specSha256: createHash('sha256').update(stored).digest('hex'), reads: named.map(({ key }) => key) };
}

function describe({ spec, graceMs, timeLimitMs, setup }: Sending, packs: readonly AgentPack[]): AgentSpec {
  return {
    version: AGENT_VERSION,
    attemptId: spec.attemptId,
    engineId: spec.engineId,
    trialId: spec.trialId,
    attempt: spec.attempt,
    argv: spec.argv,
    ofImage: spec.ofImage ?? [],
    image: spec.image,
    workDir: spec.workDir,
    env: spec.env,
    slots: { count: spec.slotUuids.length, uuids: uuidsThere(spec.slotUuids) },
    mounts: spec.mounts
      .filter(({ role }) => role !== 'own')
      .map(({ hostPath, containerPath, readOnly, role }) => ({
        hostPath,
        containerPath,
        readOnly,
        link: role === 'link',
      })),
    limits: spec.limits,
    setup: spec.image === null ? setup : null,
    graceMs,
    timeLimitMs,
    packs,
  };
}

/** A slot of another machine is written "pool/uuid"; one of a machine that is not made yet has no UUID, and any GPU of it will do. */
function uuidsThere(slots: readonly string[]): readonly string[] {
  const uuids = slots.map((slot) => slot.slice(slot.indexOf('/') + 1));
  return uuids.every((uuid) => /^(GPU|MIG)-/.test(uuid)) ? uuids : [];
}

async function entriesIn(dir: string): Promise<Dirent[]> {
  return readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
}

function sayPart(bytes: number, whole: number): string {
  return `${Math.min(100, Math.round((bytes / Math.max(1, whole)) * 100))} % of ${sayBytes(whole)}`;
}
