/**
 * Finds the container of an attempt. Its label is what makes it ours; the name is only a first guess, because anybody may rename a
 * container, and another may have the name then.
 */
import type Dockerode from 'dockerode';
import type { AttemptHandle } from '../../electron/ports/trial-runtime.ts';
import { QUICK_MS } from './connection.ts';
import type { EngineConnection } from './connection.ts';
import { ATTEMPT_LABEL } from './container-options.ts';
import { statusOf } from './engine-error.ts';

/** @returns null when there is none. @throws what the connection says when the engine cannot be asked */
export async function findContainer(
  connection: EngineConnection,
  { attemptId, ref }: Pick<AttemptHandle, 'attemptId' | 'ref'>,
): Promise<Dockerode.ContainerInspectInfo | null> {
  const direct = await inspect(connection, ref ?? attemptId, attemptId);
  if (direct !== null) return direct;
  const found = await connection.call(QUICK_MS, (engine) =>
    engine.listContainers({ all: true, filters: { label: [`${ATTEMPT_LABEL}=${attemptId}`] } }),
  );
  const id = found.find((container) => container.Labels[ATTEMPT_LABEL] === attemptId)?.Id;
  return id === undefined ? null : inspect(connection, id, attemptId);
}

async function inspect(
  connection: EngineConnection,
  idOrName: string,
  attemptId: string,
): Promise<Dockerode.ContainerInspectInfo | null> {
  try {
    const found = await connection.call(QUICK_MS, (engine) => engine.getContainer(idOrName).inspect());
    return found.Config.Labels[ATTEMPT_LABEL] === attemptId ? found : null;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
