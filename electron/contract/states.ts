/**
 * The vocabulary of the wire: states, outcomes and limits every other contract file builds on.
 */
import { z } from '@hono/zod-openapi';
import { MAX_PRIORITY, MIN_PRIORITY } from './queue-order.ts';

/** Where a trial is in its life. `done` carries an outcome; `running` and `stopping` carry a lease. */
export const TrialState = z.enum(['queued', 'starting', 'running', 'stopping', 'paused', 'done']).openapi('TrialState');
export type TrialState = z.infer<typeof TrialState>;

/** The states that hold a lease. */
export const ACTIVE_STATES = ['starting', 'running', 'stopping'] as const satisfies readonly TrialState[];

export const OutcomeKind = z.enum(['completed', 'failed', 'canceled']).openapi('OutcomeKind');
export type OutcomeKind = z.infer<typeof OutcomeKind>;

/** Why a running trial was asked to stop. `preempt` and `move` put it back in a queue, `pause` keeps it out; `search`: its search has seen enough. */
export const StopKind = z
  .enum(['pause', 'cancel', 'kill', 'preempt', 'move', 'time_limit', 'search'])
  .openapi('StopKind');
export type StopKind = z.infer<typeof StopKind>;

/** What a submit may name. */
export const NamedRuntime = z.enum(['docker', 'process']).openapi('NamedRuntime');
export type NamedRuntime = z.infer<typeof NamedRuntime>;

/** What runs an attempt; remote: a machine of the trial's pool elsewhere. */
export const RuntimeKind = z.enum([...NamedRuntime.options, 'remote']).openapi('RuntimeKind');
export type RuntimeKind = z.infer<typeof RuntimeKind>;

export const Priority = z
  .number()
  .int('priority must be a whole number')
  .min(MIN_PRIORITY, 'priority must be between 1 and 99')
  .max(MAX_PRIORITY, 'priority must be between 1 and 99');

export const DEFAULT_GRACE_S = 60;
export const DEFAULT_MAX_RESTARTS = 0;

export const TrialId = z
  .number()
  .int()
  .positive()
  .openapi({ description: 'Trial number as shown in the queue, never reused.' });
export const PoolId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a pool id is lower-case letters, digits and dashes')
  .openapi({ description: 'Stable short name of a pool, for example "workstation".' });
export const TimestampMs = z.number().int().openapi({ description: 'Milliseconds since 1970-01-01 UTC.' });
