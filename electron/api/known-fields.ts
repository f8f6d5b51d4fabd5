/** The field names request bodies have, by the place in the body: for "did you mean". */
import type { z } from '@hono/zod-openapi';
import { SubmitBody } from '../contract/config.ts';
import { ExperimentActionBody } from '../contract/experiments.ts';
import { CreatePoolBody, PoolActionBody, PoolSettings, UpdatePoolBody, UpdateSlotBody } from '../contract/pools.ts';
import { Settings } from '../contract/settings.ts';
import { TrialActionBody } from '../contract/trials.ts';

const keysOf = (schema: z.ZodObject): string[] => Object.keys(schema.shape);

const TOP = [
  ...new Set([
    ...[SubmitBody, CreatePoolBody, UpdatePoolBody, UpdateSlotBody, PoolActionBody, Settings].flatMap(keysOf),
    ...TrialActionBody.options.flatMap(keysOf),
    ...ExperimentActionBody.options.flatMap(keysOf),
  ]),
];
const BELOW: Readonly<Record<string, readonly string[]>> = {
  settings: keysOf(PoolSettings),
  to: ['place', 'anchorId', 'index'],
  source: ['kind', 'path'],
  hours: ['from', 'to'],
};

/** @param parents the path to the object that holds the unknown key */
export function fieldsKnownAt(parents: readonly string[]): readonly string[] {
  const last = parents.at(-1);
  return last === undefined ? TOP : (BELOW[last] ?? []);
}
