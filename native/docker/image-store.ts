/**
 * The images of a container engine, fetched before a trial gets GPUs for them.
 *
 *   here? -> pull -> the registry broke off or does not answer: again after 1 s and 4 s, then it is the caller's to wait
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from '../../electron/ports/trial-runtime.ts';
import type { ImageStore } from '../../electron/ports/trial-runtime.ts';
import { QUICK_MS } from './connection.ts';
import type { EngineConnection } from './connection.ts';
import { statusOf } from './engine-error.ts';
import type { SearchPlace } from './find-engine.ts';
import { parseImageReference } from './image-reference.ts';
import type { ImageReference } from './image-reference.ts';
import { cancelled, explainDenied, toLaunchError } from './launch-errors.ts';
import { pullImage } from './pull-image.ts';
import { readRegistryAuth } from './registry-auth.ts';

const PULL_RETRIES_MS = [1_000, 4_000] as const;

export function createImageStore(connection: EngineConnection, place: SearchPlace): ImageStore {
  async function isHere(image: ImageReference): Promise<boolean> {
    const { name } = await resolveShortId(connection, image);
    try {
      await connection.call(QUICK_MS, (engine) => engine.getImage(name).inspect());
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  async function pull(image: ImageReference, onActivity: (text: string) => void, signal: AbortSignal): Promise<void> {
    const { name, registry, text } = image;
    const auth = await readRegistryAuth(registry, place);
    for (let attempt = 0; ; attempt++) {
      try {
        await pullImage(await connection.engine(), name, auth === null ? null : { ...auth }, onActivity, signal);
        return;
      } catch (error) {
        const waitMs = PULL_RETRIES_MS[attempt];
        const login = auth === null ? null : { username: 'username' in auth ? auth.username : null };
        const denied = explainDenied(error, text, registry, login);
        if (denied !== null && !signal.aborted) throw denied;
        const failure = toLaunchError(error, text, '');
        // An image too large for Docker's disk is no fault of those that are here.
        if (!signal.aborted && failure.code === 'disk_full')
          throw new LaunchError(failure.code, failure.message, failure.remedy, true, 'image');
        if (signal.aborted || waitMs === undefined || failure.code !== 'registry_unreachable') throw error;
        onActivity(`the registry of ${name} cannot be reached, trying again`);
        await delay(waitMs, undefined, { signal });
      }
    }
  }

  return {
    async has(text) {
      const image = parseImageReference(text);
      return image !== null && (await isHere(image));
    },
    async fetch(text, onActivity, signal) {
      try {
        if (signal.aborted) throw cancelled();
        const image = parseImageReference(text);
        if (image === null) throw malformedImage(text);
        if (await isHere(image)) return;
        if (image.isId)
          throw new LaunchError(
            'image_missing',
            `The image ${text} is not on this machine, and an id cannot be fetched.`,
            'Name it by its repository and tag.',
          );
        await pull(image, onActivity, signal);
      } catch (error) {
        throw signal.aborted ? cancelled() : toLaunchError(error, text, '');
      }
    },
  };
}

export function malformedImage(text: string): LaunchError {
  return new LaunchError(
    'image_invalid',
    `"${text}" is not a valid image name.`,
    'It should look like python:3.13 or registry.example.org/team/image:tag',
  );
}

/** A beginning of an id means that image, unless an image has it for a name. */
export async function resolveShortId(connection: EngineConnection, image: ImageReference): Promise<ImageReference> {
  if (!image.maybeId) return image;
  try {
    const { Id: id } = await connection.call(QUICK_MS, (engine) => engine.getImage(image.text).inspect());
    return id.startsWith(`sha256:${image.text}`) ? { ...image, name: id, isId: true } : image;
  } catch (error) {
    if (statusOf(error) === 404) return image;
    throw error;
  }
}
