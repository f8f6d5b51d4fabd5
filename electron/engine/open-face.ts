/** What the entries and doors get of the engine: its API, the feed, and its end. */
import { createApi } from '../api/app.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { Engine } from '../ports/engine-api.ts';
import type { EngineOptions } from './engine-options.ts';
import { openServices } from './open-services.ts';
import type { Parts } from './parts.ts';

export function openFace(options: EngineOptions, parts: Parts): Engine {
  const { ground, screen, trials, plans } = parts;
  const stop = Promise.withResolvers<void>();
  const api = createApi(
    openServices(options, parts, () => {
      stop.resolve();
    }),
  );
  let closed = false;
  return {
    paths: ground.paths,
    fetch: async (request) => (closed ? refuseAfterClose() : api.fetch(request)),
    trialFetch: trials.trialFetch,
    // The tray and notifications listen; they are no screen.
    subscribe: (listener) => screen.feed.subscribe(listener, false),
    activeCount: () => plans.index.active().length,
    stopRequested: stop.promise,
    close: async () => {
      closed = true;
      await ground.closers.closeAll((error) => {
        ground.report('a part of the engine could not be closed', error);
      });
    },
  };
}

function refuseAfterClose(): Response {
  const problem = new SwitchyardError('shutting_down', 'The engine is stopping.', { remedy: 'Start it again.' });
  return Response.json(problem.toProblem(), {
    status: 503,
    headers: { 'content-type': 'application/problem+json' },
  });
}
