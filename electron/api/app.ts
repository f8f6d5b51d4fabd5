/** The API: routes from the contract, each one call to a service. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { API_PREFIX } from '../contract/api-prefix.ts';
import * as routes from '../contract/routes.ts';
import { SwitchyardError } from '../contract/errors.ts';
import { answerInTurns } from './answer-in-turns.ts';
import { mountCloud } from './cloud.ts';
import { mountFeed } from './feed.ts';
import { largeBodiesInTurns } from './large-bodies.ts';
import { mountLogs } from './logs.ts';
import { errorResponse, toResponse, validationError } from './problems.ts';
import type { Services } from './services/services.ts';

/** @returns the app; its `fetch` is the engine's API function. Doors authenticate before they call it. */
export function createApi(services: Services): OpenAPIHono {
  const root = new OpenAPIHono();
  const api = new OpenAPIHono({
    defaultHook: (result) =>
      result.success ? undefined : toResponse(validationError(result.error.issues).toProblem()),
  });

  api.use(largeBodiesInTurns);
  api.openapi(routes.getHealth, (c) => c.json({ ok: true as const, version: services.version, pid: process.pid }, 200));
  // What may be long is written piece by piece.
  api.openapi(routes.getState, async () => (await answerInTurns(await services.state())) as never);
  mountFeed(api, services);

  api.openapi(routes.listTrials, async (c) => {
    const { pool, archived, ...rest } = c.req.valid('query');
    const isArchived = archived === 'all' ? null : archived === 'true';
    const page = await services.listTrials({ ...rest, poolId: pool, archived: isArchived });
    return (await answerInTurns({ ...page })) as never;
  });
  api.openapi(
    routes.tableWindow,
    async (c) => (await answerInTurns(await services.table(c.req.valid('json')))) as never,
  );
  api.openapi(routes.tableColumns, async (c) => c.json(await services.tableColumns(c.req.valid('json')), 200));
  api.openapi(routes.listViews, (c) => c.json({ views: services.tableViews() }, 200));
  api.openapi(routes.putView, (c) =>
    c.json({ views: services.putTableView(c.req.valid('param').name, c.req.valid('json')) }, 200),
  );
  api.openapi(routes.deleteView, (c) => c.json({ views: services.deleteTableView(c.req.valid('param').name) }, 200));
  api.openapi(routes.retainCheckpoints, async (c) =>
    c.json(await services.retainCheckpoints(c.req.valid('json')), 200),
  );
  api.openapi(routes.pinCheckpoint, (c) =>
    c.json(services.pinCheckpoint(c.req.valid('param').id, c.req.valid('json').pinned), 200),
  );
  api.openapi(routes.submit, async (c) => c.json(await services.submit(c.req.valid('json')), 201));
  api.openapi(routes.listExperiments, (c) => {
    const { before = null, kind = null, limit, ids } = c.req.valid('query');
    const wanted = ids === undefined ? null : [...new Set(ids.split(',').map(Number))].slice(0, 200);
    return c.json(services.experiments({ before, kind, limit, ids: wanted }), 200);
  });
  api.openapi(routes.getExperiment, (c) => c.json(services.experiment(c.req.valid('param').id), 200));
  api.openapi(routes.actOnExperiment, async (c) =>
    c.json(await services.actOnExperiment(c.req.valid('param').id, c.req.valid('json')), 200),
  );
  api.openapi(routes.previewSubmit, async (c) => c.json(await services.previewSubmit(c.req.valid('json')), 200));
  // Fixed paths before those with {id}.
  api.openapi(routes.actOnTrials, async (c) => c.json(await services.act(c.req.valid('json')), 200));
  api.openapi(routes.deletePreview, async (c) =>
    c.json(await services.deletePreview(c.req.valid('json').trialIds), 200),
  );
  api.openapi(routes.movePreview, (c) => {
    const body = c.req.valid('json');
    return c.json(services.movePreview(body.trialIds, body.to, body.poolId), 200);
  });
  api.openapi(routes.planMove, (c) => c.json(services.planMove(c.req.valid('json').trialIds), 200));
  api.openapi(routes.getTrial, async (c) => c.json(await services.trialDetail(c.req.valid('param').id), 200));
  api.openapi(routes.undoLatest, async (c) => c.json(await services.undoLatest(), 200));
  api.openapi(routes.duplicateTrial, async (c) => {
    const body = c.req.valid('json');
    return c.json(await services.duplicate(c.req.valid('param').id, body), 201);
  });
  api.openapi(routes.undo, async (c) => c.json(await services.undo(c.req.valid('param').id), 200));
  api.openapi(routes.getMetrics, async (c) => {
    const { names, maxPoints, times } = c.req.valid('query');
    const wanted = names === undefined || names === '' ? null : names.split(',');
    const series = await services.metrics(c.req.valid('param').id, wanted, maxPoints, times === '1');
    return (await answerInTurns({ series })) as never;
  });
  api.openapi(routes.getLogFacts, async (c) => c.json(await services.logFacts(c.req.valid('param').id), 200));
  api.openapi(routes.takeLogMetrics, async (c) =>
    c.json(await services.takeLogMetrics(c.req.valid('param').id, c.req.valid('json').takes), 200),
  );
  api.openapi(routes.codeDiff, async (c) =>
    c.json(await services.codeDiff(c.req.valid('param').id, c.req.valid('query').to ?? null), 200),
  );
  mountLogs(api, services);

  api.openapi(routes.listPools, (c) => c.json({ pools: services.pools() }, 200));
  api.openapi(routes.createPool, async (c) => c.json(await services.createPool(c.req.valid('json')), 201));
  api.openapi(routes.checkTarget, async (c) => c.json(await services.checkTarget(c.req.valid('json').target), 200));
  api.openapi(routes.updatePool, (c) =>
    c.json(services.updatePool(c.req.valid('param').poolId, c.req.valid('json')), 200),
  );
  api.openapi(routes.deletePool, (c) => {
    services.deletePool(c.req.valid('param').poolId);
    return c.body(null, 204);
  });
  api.openapi(routes.actOnPool, (c) =>
    c.json(services.actOnPool(c.req.valid('param').poolId, c.req.valid('json').action), 200),
  );

  api.openapi(routes.getGpus, (c) => c.json(services.gpus(), 200));
  api.openapi(routes.updateSlot, (c) =>
    c.json(services.updateSlot(c.req.valid('param').uuid, c.req.valid('json')), 200),
  );
  api.openapi(routes.getDoctor, async (c) => c.json({ checks: await services.doctor() }, 200));
  api.openapi(routes.getDisk, async (c) => c.json(await services.diskUse(), 200));
  api.openapi(routes.freeDisk, async (c) => c.json(await services.freeWork(), 200));
  api.openapi(routes.getSettings, (c) => c.json(services.settings(), 200));
  api.openapi(routes.updateSettings, (c) => c.json(services.updateSettings(c.req.valid('json')), 200));
  api.openapi(routes.listMessageChannels, (c) => c.json({ channels: services.channels() }, 200));
  api.openapi(routes.putMessageChannel, (c) =>
    c.json(services.putChannel(c.req.valid('param').name, c.req.valid('json')), 200),
  );
  api.openapi(routes.deleteMessageChannel, (c) => {
    services.deleteChannel(c.req.valid('param').name);
    return c.body(null, 204);
  });
  api.openapi(routes.testMessageChannel, async (c) =>
    c.json(await services.testChannel(c.req.valid('param').name), 200),
  );
  api.openapi(routes.getTrialMessages, (c) => c.json(services.trialMessages(c.req.valid('param').id), 200));
  api.openapi(routes.setTrialMessages, (c) =>
    c.json(services.setTrialMessages(c.req.valid('param').id, c.req.valid('json')), 200),
  );
  mountCloud(api, services);
  api.openapi(routes.listEnvironments, async (c) =>
    c.json({ environments: await services.environments(c.req.valid('query').directory ?? null) }, 200),
  );
  api.openapi(routes.completeDirectory, async (c) =>
    c.json(await services.completeDirectory(c.req.valid('query').typed), 200),
  );
  api.openapi(routes.recentSubmits, (c) => c.json(services.recentSubmits(), 200));
  api.openapi(routes.checkSubmit, async (c) => c.json(await services.checkSubmit(c.req.valid('json')), 200));
  api.openapi(routes.listExamples, async (c) => c.json({ examples: await services.examples() }, 200));
  api.openapi(routes.runExample, async (c) => c.json(await services.runExample(c.req.valid('param').id), 201));
  api.openapi(routes.shutdown, (c) => {
    services.requestStop();
    return c.json({ ok: true as const }, 202);
  });

  root.route(API_PREFIX, api);
  root.get(`${API_PREFIX}/openapi.json`, (c) =>
    c.json(root.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'Switchyard', version: services.version } })),
  );
  root.notFound((c) =>
    toResponse(
      new SwitchyardError('not_found', `There is nothing at ${c.req.method} ${c.req.path}.`, {
        remedy: `The API is described at ${API_PREFIX}/openapi.json.`,
      }).toProblem(),
    ),
  );
  root.onError((error, c) => errorResponse(error, `${c.req.method} ${c.req.path}`, services.reportBug));
  api.onError((error, c) => errorResponse(error, `${c.req.method} ${c.req.path}`, services.reportBug));
  return root;
}
