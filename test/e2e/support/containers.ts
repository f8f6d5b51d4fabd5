/** A private Docker daemon for the specs that want real containers; started by the first of them. */
import { dockerdObstacle, startDockerd, type TestDockerd } from '../../support/dockerd.ts';

export { dockerdObstacle };

/** The image that the bundled example names; here it is made of this machine's Python. */
const EXAMPLE_IMAGE = { repo: 'python', tag: '3-slim' };

export interface Containers {
  /** The daemon; accepts requests for GPUs. Its images: busybox, and Python under the name the example uses. */
  daemon(): Promise<TestDockerd>;
  /** Removes what trials left running. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export const BUSYBOX_IMAGE = 'switchyard-busybox:test';

export function offerContainers(): Containers {
  let started: Promise<TestDockerd> | null = null;
  const start = async (): Promise<TestDockerd> => {
    const dockerd = await startDockerd({ gpuHook: true });
    await dockerd.busyboxImage();
    await dockerd.api.getImage(await dockerd.pythonImage()).tag(EXAMPLE_IMAGE);
    return dockerd;
  };
  return {
    daemon: () => (started ??= start()),
    async clear() {
      if (started === null) return;
      const { api } = await started;
      const left = await api.listContainers({ all: true });
      // The engine may have asked for the same a moment ago.
      await Promise.allSettled(
        left.map(async ({ Id }) => {
          await api.getContainer(Id).remove({ force: true, v: true });
        }),
      );
    },
    stop: async () => (await started?.catch(() => null))?.stop(),
  };
}
