/**
 * What engine and agent (resources/agent/agent.py) say to each other, all of it objects of a mailbox. Pure.
 *
 *   packs/<sha256>.tar.gz            engine: files of an attempt; shared by all that have the same
 *   <prefix>spec.json                engine: what to run; its checksum travels another way (MachineRequest), so nobody can change it
 *   <prefix>ctl/<seq8>-<verb>        engine: a wish, acted on once and in order; the object is empty
 *   <prefix>up/<seq10>.<kind>        agent: one stream of everything that is said, in order, so that one listing finds all that is new:
 *       hb                             how things stand (Beat), at each change and now and then
 *       log.<offset16>, rep.<offset16> bytes of the log or of the reports that begin there; at most CHUNK_BYTES
 *       ckpt                           a checkpoint arrived whole: its manifest is at ckpt/<number>/MANIFEST.json
 *       end                            RESULT.json is there; nothing follows
 *   <prefix>ckpt/<number8>/<offset16> agent: parts of a tar, then MANIFEST.json
 *   <prefix>out/<tree>/<offset16>    agent: parts of a tar of what changed in a directory
 *   <prefix>RESULT.json              agent: how it ended and what has to have arrived
 *
 * The agent is started with a configuration (AgentConfig), written by who provides the machine; it holds no credentials.
 */
import { z } from 'zod';
import type { ImagePart } from '../ports/trial-runtime.ts';

/** The same number as in agent.py. */
export const AGENT_VERSION = 1;
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** Stands in arguments, variables and mounts for the place of a directory there; replaced by the agent. */
export const PLACE = '/~switchyard~/';
export const PLACE_NAMES = ['work', 'checkpoints', 'output', 'exchange', 'helper'] as const;
export type PlaceName = (typeof PLACE_NAMES)[number];

export type Verb = 'wish' | 'terminate' | 'kill' | 'freeze' | 'unfreeze';

/** All objects of an attempt begin with it. Named after the attempt: several engines may share one machine. */
export const prefixOf = (attemptId: string): string => `${attemptId}/`;
export const specKey = (prefix: string): string => `${prefix}spec.json`;
export const packKey = (sha256: string): string => `packs/${sha256}.tar.gz`;
export const resultKey = (prefix: string): string => `${prefix}RESULT.json`;
export const upPrefix = (prefix: string): string => `${prefix}up/`;
export const ctlPrefix = (prefix: string): string => `${prefix}ctl/`;
export const ctlKey = (prefix: string, seq: number, verb: Verb): string =>
  `${ctlPrefix(prefix)}${String(seq).padStart(8, '0')}-${verb}`;
export const manifestKey = (prefix: string, number: number): string =>
  `${prefix}ckpt/${String(number).padStart(8, '0')}/MANIFEST.json`;

export interface AgentPack {
  readonly key: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly into: PlaceName | 'entry';
}

export interface AgentSpec {
  readonly version: number;
  readonly attemptId: string;
  readonly engineId: string;
  readonly trialId: number;
  readonly attempt: number;
  readonly argv: readonly string[];
  readonly ofImage: readonly ImagePart[];
  /** null = as a process. */
  readonly image: string | null;
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** `uuids` empty = any `count` of that machine. */
  readonly slots: { readonly count: number; readonly uuids: readonly string[] };
  /** Paths of that machine, which have to be there already. */
  readonly mounts: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly readOnly: boolean;
    readonly link: boolean;
  }[];
  readonly limits: { readonly cpus: number | null; readonly memoryMiB: number | null; readonly shmMiB: number };
  /** Runs before a process; `key` names what it may install once for many trials (in SWITCHYARD_ENV). */
  readonly setup: { readonly script: string; readonly key: string } | null;
  readonly graceMs: number;
  /** How long the program may run, frozen time left out; null = no limit. */
  readonly timeLimitMs: number | null;
  readonly packs: readonly AgentPack[];
}

interface AgentRequest {
  readonly url: string;
}

/** What the agent is started with: `agent.py run <file>`. Written by who provides the machine, 0600. */
export interface AgentConfig {
  readonly attemptId: string;
  /** Directory of the attempt there, its own; made by the agent. */
  readonly home: string;
  /** Directory of environments that attempts share. */
  readonly environments: string;
  readonly mailbox:
    | { readonly kind: 'directory'; readonly path: string }
    | {
        readonly kind: 'requests';
        /** By key: spec.json and each of its packs. */
        readonly reads: Readonly<Record<string, AgentRequest>>;
        /** A form for keys that begin with the prefix. */
        readonly store: AgentRequest & { readonly fields: Readonly<Record<string, string>> };
        /** By prefix: that of the wishes (ctlPrefix). */
        readonly lists: Readonly<Record<string, AgentRequest>>;
      };
  readonly prefix: string;
  readonly specSha256: string;
  /** How long it waits for the GPUs to show. */
  readonly gpuWaitS: number;
  /** The machine ends then; the program is asked to stop in time. null = it does not end. */
  readonly deadlineMs: number | null;
}

export const Beat = z.object({
  /** null until the spec is read. */
  phase: z.enum(['fetching', 'setup', 'gpus', 'running', 'collecting']).nullable(),
  /** The program was started. */
  begun: z.boolean(),
  /** For people, while there is something to wait for: "pulling its image (43 % of 1.2 GiB)". */
  doing: z.string().max(500).nullable(),
  frozen: z.boolean(),
  /** GPUs the attempt has. */
  uuids: z.array(z.string()),
  /** The program asks for the wish to stop. */
  asksForStop: z.boolean(),
  /** Number of the last wish that was acted on. */
  ctl: z.number().int(),
  atMs: z.number(),
  diskFreeBytes: z.number(),
  pids: z.array(z.number().int()),
});
export type Beat = z.infer<typeof Beat>;

/** A tar in parts. */
export const Tree = z.object({
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  parts: z.array(z.object({ key: z.string(), sizeBytes: z.number().int().nonnegative() })),
});
export type Tree = z.infer<typeof Tree>;

/** The tar holds one directory of this name. */
export const Manifest = z.object({ name: z.string(), tree: Tree });
export const CheckpointWord = z.object({ number: z.number().int(), name: z.string() });

/** Why it ended otherwise than by the program's own doing, or never began. */
export const FailureCode = z.enum([
  'lost',
  'canceled',
  'time_limit',
  'deadline',
  'preempted',
  'out_of_memory',
  'disk_full',
  'gpu_not_ready',
  'image',
  'docker',
  'setup_failed',
  'command_missing',
  'mount_missing',
  'pack_damaged',
  'launch_failed',
]);
export type FailureCode = z.infer<typeof FailureCode>;

export const Result = z.object({
  version: z.literal(AGENT_VERSION),
  attemptId: z.string(),
  started: z.boolean(),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  reason: FailureCode.nullable(),
  message: z.string().nullable(),
  remedy: z.string().nullable(),
  endedAtMs: z.number(),
  trees: z.array(
    z.object({
      name: z.enum(['work', 'output', 'exchange', 'checkpoints']),
      /** null = things were removed only. */
      tree: Tree.nullable(),
      removed: z.array(z.string()),
    }),
  ),
  logBytes: z.number().int(),
  reportBytes: z.number().int(),
  lastSeq: z.number().int(),
});
export type Result = z.infer<typeof Result>;

/** @returns what an object says, or `damage`: why it cannot be read, for people. Whoever wrote it, it is never an error. */
export function readObject<T>(
  schema: z.ZodType<T>,
  bytes: Uint8Array,
): { readonly said: T; readonly damage: null } | { readonly said: null; readonly damage: string } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return { said: null, damage: 'it is no JSON' };
  }
  const read = schema.safeParse(value);
  if (read.success) return { said: read.data, damage: null };
  const [issue] = read.error.issues;
  const place = issue?.path.join('.') ?? '';
  return {
    said: null,
    damage: `${place === '' ? '' : `${place}: `}${issue?.message ?? 'not as agreed'}`.slice(0, 300),
  };
}

export type UpWord =
  | { readonly kind: 'hb' | 'ckpt' | 'end'; readonly seq: number }
  | { readonly kind: 'log' | 'rep'; readonly seq: number; readonly offset: number };

/** @returns what an object of the stream is, by its key; null = something else */
export function readUpKey(key: string, prefix: string): UpWord | null {
  const found = /^(\d{10})\.(?:(hb|ckpt|end)|(log|rep)\.(\d{16}))$/.exec(key.slice(upPrefix(prefix).length));
  if (found === null || !key.startsWith(upPrefix(prefix))) return null;
  const seq = Number(found[1]);
  if (found[3] === 'log' || found[3] === 'rep') return { kind: found[3], seq, offset: Number(found[4]) };
  return { kind: found[2] as 'hb' | 'ckpt' | 'end', seq };
}

/** @returns the key after which the stream goes on when everything up to `seq` is known */
export const upKeyAfter = (prefix: string, seq: number): string =>
  `${upPrefix(prefix)}${String(seq).padStart(10, '0')}.z`;
