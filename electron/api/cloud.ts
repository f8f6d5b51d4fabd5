/** Routes of accounts at clouds, of their machines and of their money. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import * as routes from '../contract/routes.ts';
import type { CloudService } from './services/cloud-service.ts';

export function mountCloud(api: OpenAPIHono, services: CloudService): void {
  api.openapi(routes.listCloudAccounts, (c) => c.json({ accounts: services.cloudAccounts() }, 200));
  api.openapi(routes.putCloudAccount, async (c) =>
    c.json(await services.putCloudAccount(c.req.valid('param').name, c.req.valid('json')), 200),
  );
  api.openapi(routes.testCloudAccount, async (c) =>
    c.json(await services.testCloudAccount(c.req.valid('param').name), 200),
  );
  api.openapi(routes.deleteCloudAccount, async (c) => {
    await services.deleteCloudAccount(c.req.valid('param').name);
    return c.body(null, 204);
  });
  api.openapi(routes.getCloudPolicy, (c) => c.json(services.cloudPolicy(), 200));
  api.openapi(routes.getMachineTypes, (c) => c.json(services.machineTypes(), 200));
  api.openapi(routes.listCloudMachines, (c) => c.json({ machines: services.cloudMachines() }, 200));
  api.openapi(routes.getCloudJourney, (c) => c.json(services.cloudJourney(c.req.valid('param').attemptId), 200));
  api.openapi(routes.getCloudMoney, (c) => c.json(services.cloudMoney(c.req.valid('query').days), 200));
  api.openapi(routes.getPoolPrice, async (c) => c.json(await services.poolPrice(c.req.valid('param').poolId), 200));
  api.openapi(routes.scanCloud, async (c) => c.json(await services.scanCloud(), 200));
  api.openapi(routes.endLeftover, async (c) => {
    const { account, region, ref } = c.req.valid('json');
    await services.endLeftover(account, region, ref);
    return c.body(null, 202);
  });
}
