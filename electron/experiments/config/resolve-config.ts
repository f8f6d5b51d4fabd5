/**
 * From a valid configuration and what is known of the machine to everything a trial needs, with a note for every choice
 * the engine made on its own. Pure.
 *
 * Which runtime it gets is decided when it starts (queue/choose-runtime.ts); what can be told of it now is told now. An image that only
 * the process runtime could run is an error, never silently dropped; only `runtime: process` says that it may be.
 */
import type { ExperimentConfig } from '../../contract/config.ts';
import { SwitchyardError } from '../../contract/errors.ts';
import type { RuntimeKind } from '../../contract/states.ts';
import type { Pool } from '../../contract/pools.ts';
import { DEFAULT_PRIORITY } from '../../contract/queue-order.ts';
import type { SlotAsk } from '../../contract/trials.ts';
import { chooseRuntime } from '../../queue/choose-runtime.ts';
import type { ParameterChange, WantedRuntime, TrialSpec } from '../../store/trial-spec.ts';
import { parseMemoryMiB } from '../../text/memory-text.ts';
import { checkSaidTwice, fillCommand, type Entrypoint } from './fill-command.ts';
import { generateName, nameAfter } from './names.ts';
import { readLinks } from './read-links.ts';
import { matchesName } from '../../text/name-pattern.ts';
import { suggest } from '../../text/nearest.ts';
import { sayMemory } from '../../text/say.ts';

const DEFAULT_SHM_MIB = 8 * 1024;

export interface SlotFacts {
  readonly label: string;
  readonly name: string;
  readonly totalMiB: number | null;
}

/** What the engine knows when a trial is submitted. */
export interface MachineFacts {
  readonly pools: readonly (Pick<Pool, 'id' | 'kind'> & {
    readonly slots: readonly SlotFacts[];
    /** False when its GPUs could not be read: then nothing is refused for lack of them. Missing = as `gpusKnown`. */
    readonly gpusKnown?: boolean;
  })[];
  readonly defaultPoolId: string;
  /** False when the GPUs could not be read: then nothing is refused for lack of them. */
  readonly gpusKnown: boolean;
  readonly dockerAvailable: boolean;
  /** Why docker cannot be used, for the message; null = no more to say. */
  readonly dockerProblem: string | null;
  /** 0 <= x < 1; for generated names. */
  readonly random: () => number;
}

/** A trial as it will be stored, with what only its submit needs. */
export interface ResolvedTrial {
  readonly name: string;
  readonly labels: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly poolId: string;
  readonly priority: number;
  readonly hparams: Readonly<Record<string, unknown>>;
  readonly spec: TrialSpec;
  /** With its hyperparameters written into it. */
  readonly entrypoint: Entrypoint;
  /** The runtime it would get if it started now. */
  readonly runtime: RuntimeKind;
  readonly notes: readonly string[];
}

/**
 * @param sourceDir the submitted directory, for the name of an experiment that has none
 * @param inPlace the trial works in that directory itself
 * @param before the hyperparameters of the trial it is a copy of
 * @throws SwitchyardError runtime_unavailable, too_many_slots, invalid_slots or invalid_config
 */
export function resolveTrial(
  config: ExperimentConfig,
  facts: MachineFacts,
  sourceDir: string | null = null,
  inPlace = false,
  before: ExperimentConfig['hyperparameters'] | null = null,
): ResolvedTrial {
  const notes: string[] = [];
  const { entrypoint, used, unset } = fillCommand(config.entrypoint, config.hyperparameters);
  checkSaidTwice(sayCommand(config.entrypoint), config.hyperparameters, before);
  if (used.length > 0) notes.push(`The command is ${clip(sayCommand(entrypoint))}`);
  const [forgotten] = unset.map(clip);
  if (forgotten !== undefined)
    notes.push(
      `There is no hyperparameter ${forgotten}, so {${forgotten}} stays in the command as it is. ` +
        `To fill it in, set ${forgotten} to a value (-S ${forgotten}=VALUE).`,
    );
  const resources = config.resources;
  const pool = choosePool(resources.pool, facts);
  const wish = { runtime: config.runtime ?? null, image: config.environment.image?.trim() || null };
  const runtime = chooseRuntime(pool, wish);
  const ofImage = (['entrypoint', 'user', 'workdir'] as const).filter((part) => config.environment[part] === 'image');
  // A machine elsewhere runs it in the form it would have here.
  const form = wish.runtime ?? (wish.image === null ? 'process' : 'docker');
  if (form === 'docker') checkContainer(wish, runtime === 'remote' ? { ...facts, dockerAvailable: true } : facts);
  else noteWithoutContainer(config, wish, pool, notes);
  const slots = chooseSlots(config, pool, facts, notes);
  const memory = (field: 'min_gpu_memory' | 'share' | 'memory' | 'shm_size'): number | null => {
    const text = resources[field];
    return text === undefined ? null : parseMemoryMiB(text, `resources.${field}`);
  };
  const memoryMiB = memory('memory');
  const ask: SlotAsk = {
    slots,
    minFreeMiB: memory('min_gpu_memory'),
    gpuName: resources.gpu_name ?? null,
    shareMiB: memory('share'),
  };
  checkAskedOfNoGpu(ask);
  checkMemoryThereIs(ask, facts);
  noteUnfitSlots(ask, pool, notes);
  const name = config.name ?? nameAfter(entrypoint, directoryName(sourceDir)) ?? generateName(facts.random);
  return {
    name,
    labels: [...new Set(config.labels)],
    env: config.environment.environment_variables,
    poolId: pool.id,
    priority: resources.priority ?? DEFAULT_PRIORITY,
    hparams: config.hyperparameters,
    spec: {
      ...wish,
      ...(ofImage.length === 0 ? {} : { ofImage }),
      ...asLaunched(entrypoint, wish.image),
      ask,
      terms: {
        preemptible: resources.preemptible,
        weight: resources.weight,
        maxSlots: resources.max_slots ?? null,
      },
      limits: {
        cpus: resources.cpus ?? null,
        memoryMiB,
        shmMiB: memory('shm_size') ?? Math.min(DEFAULT_SHM_MIB, memoryMiB ?? DEFAULT_SHM_MIB),
      },
      mounts: config.mounts.map((mount) => ({
        hostPath: mount.host_path,
        containerPath: mount.container_path,
        readOnly: mount.read_only,
      })),
      ...(config.links.length === 0 ? {} : { links: readLinks(config.links, sourceDir, inPlace) }),
      graceS: config.grace_period_s,
      timeLimitS: config.time_limit_s ?? null,
      maxRestarts: config.max_restarts,
      ...(config.checkpoints?.keep_last === undefined ? {} : { keepCheckpoints: config.checkpoints.keep_last }),
      estimatedMs: resources.estimated_minutes === undefined ? null : Math.round(resources.estimated_minutes * 60_000),
    },
    entrypoint,
    runtime,
    notes,
  };
}

/** @param entrypoint filled in */
function asLaunched(entrypoint: Entrypoint, image: string | null): Pick<TrialSpec, 'argv' | 'command'> {
  return {
    argv: typeof entrypoint === 'string' ? shellArguments(entrypoint) : entrypoint,
    // What only the image knows is named by it.
    command: entrypoint.length === 0 ? (image ?? '') : sayCommand(entrypoint),
  };
}

/** What one trial of a sweep has other than the others. */
export interface SweepMember {
  readonly name: string;
  readonly hparams: Readonly<Record<string, unknown>>;
  readonly params: readonly ParameterChange[];
}

/**
 * @param like of any trial of the same experiment
 * @param entrypoint as it was submitted
 * @throws SwitchyardError where the hyperparameters do not fit into the command
 */
export function specInSweep(like: TrialSpec, entrypoint: Entrypoint, member: SweepMember): TrialSpec {
  const { params: _, ...spec } = like;
  return {
    ...spec,
    ...asLaunched(fillCommand(entrypoint, member.hparams).entrypoint, spec.image),
    ...(member.params.length === 0 ? {} : { params: member.params }),
    inSweep: member.name,
  };
}

const MOST_SAID = 200;
const clip = (text: string): string => (text.length > MOST_SAID ? `${text.slice(0, MOST_SAID).toWellFormed()}…` : text);

/** As a person would type it. */
export function sayCommand(entrypoint: Entrypoint): string {
  return typeof entrypoint === 'string' ? entrypoint : entrypoint.map(quoteForDisplay).join(' ');
}

/** What only a GPU can have makes no sense without one. */
function checkAskedOfNoGpu({ slots, shareMiB, minFreeMiB, gpuName }: SlotAsk): void {
  if (slots > 0) return;
  const asked =
    shareMiB !== null ? 'share' : minFreeMiB !== null ? 'min_gpu_memory' : gpuName !== null ? 'gpu_name' : null;
  if (asked === null) return;
  throw new SwitchyardError('invalid_slots', `resources.${asked} asks for a GPU, but the trial has 0 slots.`, {
    path: `resources.${asked}`,
    remedy: `Set resources.slots to 1 or more, or remove resources.${asked}.`,
  });
}

function directoryName(dir: string | null): string | null {
  return dir?.split(/[\\/]/).findLast((part) => part !== '') ?? null;
}

/**
 * A shell that is told to stop with the rest of its process group stays until its program has saved and ended. Without the trap it
 * would end at once, and the trial with it.
 */
function shellArguments(command: string): string[] {
  return ['sh', '-c', `trap 'exit 143' TERM\n${command}`];
}

/** What can already be told at submit of a trial that will need a container. @throws SwitchyardError invalid_config, runtime_unavailable */
function checkContainer(wish: WantedRuntime, facts: MachineFacts): void {
  if (wish.image === null) {
    throw new SwitchyardError('invalid_config', 'runtime: docker needs an image.', {
      path: 'environment.image',
      remedy:
        'Name one in environment.image, for example python:3-slim, or use runtime: process to run on this machine directly.',
    });
  }
  if (facts.dockerAvailable) return;
  const why =
    facts.dockerProblem === null ? 'no Docker engine answers' : `Docker cannot be used: ${facts.dockerProblem}`;
  throw new SwitchyardError(
    'runtime_unavailable',
    `The image ${wish.image} needs Docker, but ${why.replace(/\.$/, '')}.`,
    {
      path: wish.runtime === null ? 'environment.image' : 'runtime',
      remedy:
        'Start Docker ("switchyard doctor" says what is missing), or set runtime: process to run on this machine without the image.',
    },
  );
}

/** What of the configuration has no effect on a plain process. */
function noteWithoutContainer(config: ExperimentConfig, wish: WantedRuntime, pool: PoolFacts, notes: string[]): void {
  if (config.entrypoint.length === 0)
    throw new SwitchyardError('command_missing', 'There is no command to run: only an image has one of its own.', {
      path: 'entrypoint',
      remedy: 'Write a command, or run in the image (runtime: docker).',
    });
  if (wish.runtime === null)
    notes.push(
      `Runs directly on ${pool.kind === 'local' ? 'this machine' : `a machine of pool ${pool.id}`} (process runtime), because no image is named.`,
    );
  if (wish.image !== null) notes.push(`The image ${wish.image} is not used: runtime is process.`);
  if (config.mounts.length > 0)
    notes.push(
      `Mounts are not used: without a container the trial sees every directory of ${pool.kind === 'local' ? 'this' : 'its'} machine under its own path.`,
    );
  const limited = [
    config.resources.cpus === undefined ? null : 'cpus',
    config.resources.memory === undefined ? null : 'memory',
    config.resources.shm_size === undefined ? null : 'shm_size',
  ].filter((field) => field !== null);
  if (limited.length > 0)
    notes.push(
      `${limited.join(', ')} ${limited.length === 1 ? 'is' : 'are'} not enforced: the process runtime has no such limits.`,
    );
}

type PoolFacts = MachineFacts['pools'][number];

function choosePool(asked: string | undefined, facts: MachineFacts): PoolFacts {
  const id = asked ?? facts.defaultPoolId;
  const pool = facts.pools.find((candidate) => candidate.id === id);
  if (pool !== undefined) return pool;
  const ids = facts.pools.map((candidate) => candidate.id);
  const near = suggest(id, ids);
  throw new SwitchyardError(
    'invalid_config',
    `resources.pool: there is no pool "${id}".${near === null ? '' : ` Did you mean "${near}"?`}`,
    {
      path: 'resources.pool',
      remedy: `Pools: ${ids.join(', ')}.`,
    },
  );
}

function chooseSlots(config: ExperimentConfig, pool: PoolFacts, facts: MachineFacts, notes: string[]): number {
  const asked = config.resources.slots;
  if (asked === undefined) {
    if (pool.slots.length > 0) return 1;
    if (!(pool.gpusKnown ?? facts.gpusKnown)) {
      notes.push(
        'Asks for 1 GPU and waits: the GPUs of this machine cannot be read now ("switchyard doctor" says ' +
          'why). Without a GPU it runs with resources.slots: 0 (-g 0).',
      );
      return 1;
    }
    const isNamed = pool.kind !== 'local' || facts.pools.some((other) => other.slots.length > 0);
    notes.push(`Runs without a GPU (0 slots), because ${isNamed ? `pool ${pool.id}` : 'this machine'} has none.`);
    return 0;
  }
  if (asked > pool.slots.length && (pool.gpusKnown ?? facts.gpusKnown)) {
    const have =
      pool.slots.length === 0
        ? 'none'
        : `${pool.slots.length}: ${pool.slots.map((slot) => `${slot.label} (${slot.name})`).join(', ')}`;
    const bigger = facts.pools.filter((other) => other.slots.length >= asked).map((other) => other.id);
    throw new SwitchyardError(
      'too_many_slots',
      `The trial asks for ${asked} ${asked === 1 ? 'GPU' : 'GPUs'}, but pool ${pool.id} has ${have}.`,
      {
        path: 'resources.slots',
        remedy:
          bigger.length > 0
            ? `Submit to pool ${bigger.join(' or ')}, or ask for fewer slots.`
            : 'Ask for fewer slots; 0 runs the trial without a GPU.',
      },
    );
  }
  const cap = config.resources.max_slots;
  if (cap !== undefined && asked > cap) {
    throw new SwitchyardError(
      'invalid_slots',
      `The trial asks for ${asked} GPUs, but resources.max_slots allows ${cap}, so it could never start.`,
      {
        path: 'resources.max_slots',
        remedy: 'Raise max_slots or ask for fewer slots.',
      },
    );
  }
  return asked;
}

/** More memory than any GPU of any pool has in all would be waited for in vain. A machine elsewhere may have it. */
function checkMemoryThereIs(ask: SlotAsk, facts: MachineFacts): void {
  const wantedMiB = ask.shareMiB ?? ask.minFreeMiB;
  const known = facts.pools.flatMap(({ slots }) => slots);
  if (ask.slots === 0 || wantedMiB === null || !facts.gpusKnown || known.length === 0) return;
  const mayHave = ({ kind, slots }: MachineFacts['pools'][number]): boolean =>
    kind !== 'local' || slots.filter(({ totalMiB }) => totalMiB === null || totalMiB >= wantedMiB).length >= ask.slots;
  if (facts.pools.some(mayHave)) return;
  const largest = known.reduce((a, b) => ((b.totalMiB ?? 0) > (a.totalMiB ?? 0) ? b : a));
  const field = ask.shareMiB === null ? 'min_gpu_memory' : 'share';
  const hasMiB = largest.totalMiB ?? 0;
  // A card of 24 GiB has a few MiB less.
  const isClose = sayMemory(wantedMiB) === sayMemory(hasMiB);
  const say = (miB: number): string => (isClose ? `${miB.toLocaleString('en-US')} MiB` : sayMemory(miB));
  throw new SwitchyardError(
    'too_many_slots',
    `The trial asks for ${ask.slots === 1 ? 'a GPU' : `${ask.slots} GPUs`} with ${say(wantedMiB)}${ask.slots === 1 ? '' : ' each'}, ` +
      `which no pool has: the largest is ${largest.label} (${largest.name}) with ${say(hasMiB)}.`,
    { path: `resources.${field}`, remedy: `Ask for less with resources.${field}, or for fewer GPUs.` },
  );
}

/** A request that only a missing or busy GPU could meet waits with its reason; here it only earns a note. */
function noteUnfitSlots(ask: SlotAsk, pool: PoolFacts, notes: string[]): void {
  if (ask.slots === 0 || pool.slots.length === 0) return;
  const { gpuName } = ask;
  const minFreeMiB = ask.shareMiB ?? ask.minFreeMiB;
  const bigEnough =
    minFreeMiB === null
      ? pool.slots
      : pool.slots.filter((slot) => slot.totalMiB === null || slot.totalMiB >= minFreeMiB);
  if (minFreeMiB !== null && bigEnough.length < ask.slots) {
    notes.push(
      `Only ${bigEnough.length} of ${pool.slots.length} GPUs of pool ${pool.id} ` +
        `${bigEnough.length === 1 ? 'has' : 'have'} ${sayMemory(minFreeMiB)}; the trial waits until enough ` +
        'can be had.',
    );
  }
  if (gpuName !== null) {
    const matching = pool.slots.filter((slot) => matchesName(gpuName, slot.name));
    if (matching.length < ask.slots)
      notes.push(
        `Only ${matching.length} of ${pool.slots.length} GPUs of pool ${pool.id} match "${gpuName}"; the trial waits until enough can be had.`,
      );
  }
}

function quoteForDisplay(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
