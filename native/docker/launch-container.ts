/**
 * Creates and starts the container of one attempt. See docker-runtime.ts for what must hold.
 *
 *   create -> no such image -> failed: images are fetched before (image-store.ts)
 *          -> name taken by this attempt -> go on with that container
 *   take the claim -> start
 *   connection broken in between -> wait for the engine -> look what became of it -> go on there
 */
import { setTimeout as delay } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { LaunchMount, LaunchSpec } from '../../electron/ports/trial-runtime.ts';
import type { CheckedMounts } from './check-mounts.ts';
import { QUICK_MS, SLOW_MS, START_MS } from './connection.ts';
import type { EngineConnection } from './connection.ts';
import { ATTEMPT_LABEL, NO_IMAGE_FACTS, containerOptions, plainUserId, programOf } from './container-options.ts';
import type { ImageFacts, UserMapping } from './container-options.ts';
import { EngineTimeout, isConnectionError, sentenceOf, statusOf, wasNotSent } from './engine-error.ts';
import type { ImageReference } from './image-reference.ts';
import { resolveShortId } from './image-store.ts';
import { cancelled, toLaunchError } from './launch-errors.ts';
import { claim } from './launch-notes.ts';

const LOOK_AGAIN_MS = 1_000;

export interface LaunchJob {
  readonly connection: EngineConnection;
  readonly spec: LaunchSpec;
  readonly image: ImageReference;
  readonly mapping: UserMapping;
  readonly mounts: CheckedMounts;
  readonly entry: readonly LaunchMount[] | null;
  readonly onActivity: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @returns the container's id. @throws LaunchError when nothing was started, and nothing is left */
export async function launchContainer(job: LaunchJob): Promise<string> {
  const { spec, signal } = job;
  try {
    const { id, started } = await createContainer(job);
    if (started) return id;
    try {
      if (signal.aborted) throw cancelled();
      const decided = await claim(spec.stateDir, 'start');
      if (decided.claim === 'absent') throw givenUp();
      if (!decided.mine) return await idOfStarted(job);
      await startContainer(job, id);
      return id;
    } catch (error) {
      await discard(job, id);
      throw error;
    }
  } catch (error) {
    if (signal.aborted) throw cancelled();
    throw toLaunchError(error, spec.image ?? '', spec.argv[0] ?? '');
  }
}

export function givenUp(): LaunchError {
  return new LaunchError(
    'launch_failed',
    'This attempt was given up in recovery and cannot be started any more.',
    null,
    true,
  );
}

async function createContainer(job: LaunchJob): Promise<{ readonly id: string; readonly started: boolean }> {
  const { connection, spec } = job;
  const image = await resolveShortId(connection, job.image);
  const facts = await readImage(job, image.name);
  if (facts === null && !image.isId) throw imageGone(spec);
  // Of an id the engine says itself that it knows no such image.
  if (facts !== null) checkImageParts(job, facts);
  const options = containerOptions(spec, image.name, job.mapping, job.mounts, job.entry, {
    image: facts ?? NO_IMAGE_FACTS,
    groups: groupsOf(spec.user),
  });
  for (;;) {
    if (job.signal.aborted) throw cancelled();
    try {
      return { id: (await connection.call(SLOW_MS, (engine) => engine.createContainer(options))).id, started: false };
    } catch (error) {
      if (
        statusOf(error) === 404 &&
        !image.isId &&
        /no such image|image not known|not found/i.test(sentenceOf(error))
      ) {
        throw imageGone(spec);
      } else if (statusOf(error) === 409) {
        const existing = await lookUp(job);
        if (existing !== null) return { id: existing.Id, started: hasStarted(existing) };
        await delay(LOOK_AGAIN_MS, undefined, { signal: job.signal });
      } else if (isConnectionError(error) && !wasNotSent(error)) {
        const existing = await lookUp(job);
        if (existing !== null) return { id: existing.Id, started: hasStarted(existing) };
      } else {
        throw error;
      }
    }
  }
}

function imageGone({ image }: LaunchSpec): LaunchError {
  const message = `The image ${image ?? ''} was removed just before the start; it is fetched again.`;
  return new LaunchError('image_gone', message, null, true);
}

/** @returns null for an image that is not here */
async function readImage({ connection }: LaunchJob, name: string): Promise<ImageFacts | null> {
  try {
    const { Config: config } = await connection.call(QUICK_MS, (engine) => engine.getImage(name).inspect());
    const { Env, Entrypoint, Cmd, User } = (config ?? {}) as {
      readonly Env?: readonly string[] | null;
      readonly Entrypoint?: readonly string[] | string | null;
      readonly Cmd?: readonly string[] | null;
      readonly User?: string | null;
    };
    return { env: Env ?? [], entrypoint: [Entrypoint ?? []].flat(), command: Cmd ?? [], user: User ?? '' };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/** Whether what stays the image's can work. @throws LaunchError */
function checkImageParts({ spec, mapping }: LaunchJob, image: ImageFacts): void {
  if ((programOf(spec, image)[0] ?? '') === '')
    throw new LaunchError(
      'command_missing',
      spec.ofImage?.includes('entrypoint') === true
        ? `The image ${spec.image ?? ''} has neither an entrypoint nor a command of its own.`
        : 'The command is empty.',
      'Give the program to run, for example: python train.py',
    );
  const uid = spec.ofImage?.includes('user') === true && !mapping.rootless ? plainUserId(image.user) : null;
  if (uid !== null && uid !== spec.user.uid)
    throw new LaunchError(
      'launch_failed',
      `The image runs as user ${uid}, who cannot use the files of the trial: they belong to user ${spec.user.uid}.`,
      'Leave out --user image, so that it runs as you, or take an image whose user is root or has your id.',
    );
}

/** @returns the further groups of this process, when trials run as its user */
function groupsOf({ uid, gid }: LaunchSpec['user']): readonly number[] {
  return process.getuid?.() === uid ? (process.getgroups?.() ?? []).filter((group) => group !== gid) : [];
}

/** Another launch of this attempt was first: its container, if it did start. */
async function idOfStarted(job: LaunchJob): Promise<string> {
  const existing = await lookUp(job);
  if (existing !== null && hasStarted(existing)) return existing.Id;
  throw new LaunchError('launch_failed', 'An earlier start of this attempt was interrupted.', null, true);
}

async function startContainer(job: LaunchJob, id: string): Promise<void> {
  for (;;) {
    try {
      await job.connection.call(START_MS, (engine) => engine.getContainer(id).start());
      return;
    } catch (error) {
      if (statusOf(error) === 304) return;
      // A request that may still be at work must not be repeated: the engine would run a program that has ended a second time.
      if (!isConnectionError(error) || error instanceof EngineTimeout) throw error;
      const existing = await lookUp(job);
      if (existing === null) throw givenUp();
      if (hasStarted(existing)) return;
    }
  }
}

function hasStarted(found: Dockerode.ContainerInspectInfo): boolean {
  return found.State.Running || Date.parse(found.State.StartedAt) > 0;
}

/**
 * The container that has this attempt's name, after the engine answers again.
 * @returns null when there is none
 * @throws LaunchError when the name belongs to somebody else
 */
async function lookUp(job: LaunchJob): Promise<Dockerode.ContainerInspectInfo | null> {
  for (let told = false; ; told = true) {
    try {
      const found = await job.connection.call(QUICK_MS, (engine) => engine.getContainer(job.spec.attemptId).inspect());
      if (found.Config.Labels[ATTEMPT_LABEL] === job.spec.attemptId) return found;
      throw new LaunchError(
        'launch_failed',
        `A container named ${job.spec.attemptId} exists that Switchyard did not make.`,
        `Remove or rename it: docker rename ${job.spec.attemptId} NEWNAME`,
      );
    } catch (error) {
      if (statusOf(error) === 404) return null;
      if (!isConnectionError(error)) throw error;
      // Only the engine knows whether the request arrived. While it is away nothing else can be started either.
      if (!told) job.onActivity('waiting for the Docker daemon to come back');
      await delay(LOOK_AGAIN_MS, undefined, { signal: job.signal });
    }
  }
}

/** What never ran is not left behind; if the engine is away, the sweep takes it. */
async function discard(job: LaunchJob, id: string): Promise<void> {
  await job.connection
    .call(SLOW_MS, (engine) => engine.getContainer(id).remove({ force: true, v: true }))
    .catch(() => undefined);
}
