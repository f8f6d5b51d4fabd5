/** Rented machines: the catalogue, accounts and books, and what a pool of them is checked for. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createAwsOpener } from '../../native/clouds/aws/aws-opener.ts';
import { parseCatalogue, quoteFromCatalogue } from '../cloud/catalogue.ts';
import { openCloud, type Cloud } from '../cloud/open-cloud.ts';
import type { Ground } from './open-ground.ts';

export function openRented(ground: Ground): Cloud {
  const { store, secrets, clock, engineId, nowMs, report } = ground;
  const catalogue = parseCatalogue(readFileSync(path.join(ground.resourcesDir, 'machine-types.json'), 'utf8'));
  const cloud = openCloud({
    store,
    secrets,
    catalogue,
    clock,
    engineId,
    report,
    opener: createAwsOpener({
      agentFile: path.join(ground.resourcesDir, 'agent', 'agent.py'),
      listPrice: (choice, diskGiB) => quoteFromCatalogue(catalogue, choice, diskGiB),
      nowMs,
    }),
  });
  ground.closers.add(() => {
    cloud.close();
  });
  return cloud;
}
