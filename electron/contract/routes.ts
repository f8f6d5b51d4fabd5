/**
 * Every route of the API under /api/v1: method, path, what goes in and out. The OpenAPI document is made from these.
 * Bodies answer `application/problem+json` (contract/errors.ts) on every 4xx and 5xx.
 */
import { createRoute, z } from '@hono/zod-openapi';
import {
  AccountBody,
  AccountCheck,
  AccountName,
  AccountPolicy,
  CloudAccount,
  CloudMachine,
  CloudMoney,
  CloudOffload,
  CloudScan,
  EndLeftoverBody,
  MachineCatalogue,
  PoolPrice,
} from './cloud.ts';
import { SubmitBody, SubmitResult, SubmitSource } from './config.ts';
import { Problem } from './errors.ts';
import {
  ExperimentActionBody,
  ExperimentDetail,
  ExperimentKind,
  ExperimentList,
  SearchPreview,
} from './experiments.ts';
import { DiskUse, FreeDiskBody, FreedDisk } from './disk.ts';
import { ForecastEntry, StateSnapshot } from './feed.ts';
import { DirectoryCompletion, PythonEnvironment, RecentSubmits, SubmitCheck } from './form.ts';
import { GpuStatus } from './gpus.ts';
import { Channel, ChannelBody, ChannelName, MessageTest, TrialMessages } from './messages.ts';
import { MovePlan, MovePlanBody } from './move-plan.ts';
import { MAX_PAGE, TrialSort } from './paging.ts';
import { CreatePoolBody, Pool, PoolActionBody, UpdatePoolBody, UpdateSlotBody } from './pools.ts';
import { CheckTargetBody, TargetCheck } from './targets.ts';
import { RetentionBody, RetentionResult } from './retention.ts';
import { DoctorCheck, Settings } from './settings.ts';
import { CodeDiff } from './snapshots.ts';
import { OutcomeKind, PoolId, TrialState } from './states.ts';
import { NamedView, TableAnswer, TableColumns, TableQuestion, TableView, TableWindowBody, ViewName } from './table.ts';
import {
  After,
  CheckpointView,
  LogFacts,
  LogInfo,
  LogSearchHit,
  MetricSeries,
  MoveTo,
  Trial,
  TrialActionBody,
  TrialActionResult,
  TrialDetail,
  TrialIds,
} from './trials.ts';

/** Largest request body the API reads, bytes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});
const body = <T extends z.ZodType>(schema: T) => ({
  body: { content: { 'application/json': { schema } }, required: true },
});
const problems = {
  default: { content: { 'application/problem+json': { schema: Problem } }, description: 'Problem details (RFC 9457)' },
};
const idParam = z.object({
  id: z.coerce
    .number()
    .int()
    .positive()
    .openapi({ param: { name: 'id', in: 'path' } }),
});
const attemptParam = idParam.extend({
  attempt: z.coerce
    .number()
    .int()
    .positive()
    .openapi({ param: { name: 'attempt', in: 'path' } }),
});
const poolParam = z.object({ poolId: PoolId.openapi({ param: { name: 'poolId', in: 'path' } }) });

export const getState = createRoute({
  method: 'get',
  path: '/state',
  responses: { 200: json(StateSnapshot, 'One consistent snapshot'), ...problems },
});
export const getEvents = createRoute({
  method: 'get',
  path: '/events',
  request: { query: z.object({ after: z.coerce.number().int().optional() }) },
  responses: {
    200: {
      content: { 'text/event-stream': { schema: z.string() } },
      description: 'Changes after `after` (or Last-Event-ID); see contract/feed.ts',
    },
    ...problems,
  },
});
export const getHealth = createRoute({
  method: 'get',
  path: '/health',
  responses: {
    200: json(z.object({ ok: z.literal(true), version: z.string(), pid: z.number() }), 'Alive'),
    ...problems,
  },
});

export const listTrials = createRoute({
  method: 'get',
  path: '/trials',
  request: {
    query: z.object({
      state: TrialState.optional(),
      outcome: OutcomeKind.optional(),
      pool: PoolId.optional(),
      label: z.string().optional(),
      search: z
        .string()
        .max(500)
        .optional()
        .openapi({
          description:
            'Text in name, command or labels; parameters and metrics: lr=0.03 val_loss<0.3; state:failed,running; ' +
            'is:starred has:val_loss label: name: pool: id: experiment:; since:7d before:2026-11-01; "quoted" is text; ' +
            'joined by and (or nothing), or, not and parentheses.',
        }),
      archived: z.enum(['true', 'false', 'all']).default('false'),
      sort: TrialSort.default('line'),
      order: z
        .enum(['asc', 'desc'])
        .optional()
        .openapi({ description: 'Default: names ascending, everything else descending. `line` has one order only.' }),
      limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(200),
      after: z
        .string()
        .max(2_000)
        .optional()
        .openapi({ description: '`next` of the page before, asked with the same question.' }),
    }),
  },
  responses: {
    200: json(
      z.object({
        trials: z.array(Trial),
        total: z.number().int().openapi({ description: 'How many fit, on all pages together.' }),
        next: z
          .string()
          .nullable()
          .openapi({ description: 'Where the next page begins, for `after`; null = this is the last.' }),
      }),
      'Trials, active first, then queue order, then newest done; or as sorted',
    ),
    ...problems,
  },
});
export const tableWindow = createRoute({
  method: 'post',
  path: '/table',
  request: body(TableWindowBody),
  responses: { 200: json(TableAnswer, 'A window of the table of experiments'), ...problems },
});
export const tableColumns = createRoute({
  method: 'post',
  path: '/table/columns',
  request: body(TableQuestion),
  responses: { 200: json(TableColumns, 'The parameters and metrics of the trials that fit'), ...problems },
});
const viewParam = z.object({ name: ViewName.openapi({ param: { name: 'name', in: 'path' } }) });
const views = z.object({ views: z.array(NamedView) });
export const listViews = createRoute({
  method: 'get',
  path: '/table/views',
  responses: { 200: json(views, 'Views of the table, by name'), ...problems },
});
export const putView = createRoute({
  method: 'post',
  path: '/table/views/{name}',
  request: { params: viewParam, ...body(TableView) },
  responses: { 200: json(views, 'Kept; all of them'), ...problems },
});
export const deleteView = createRoute({
  method: 'delete',
  path: '/table/views/{name}',
  request: { params: viewParam },
  responses: { 200: json(views, 'Those that are left'), ...problems },
});
export const retainCheckpoints = createRoute({
  method: 'post',
  path: '/checkpoints/retention',
  request: body(RetentionBody),
  responses: { 200: json(RetentionResult, 'What goes, or went'), ...problems },
});
export const pinCheckpoint = createRoute({
  method: 'post',
  path: '/checkpoints/{id}/pin',
  request: { params: idParam, ...body(z.object({ pinned: z.boolean() }).strict()) },
  responses: { 200: json(CheckpointView, 'As it is now'), ...problems },
});
export const submit = createRoute({
  method: 'post',
  path: '/experiments',
  request: body(SubmitBody),
  responses: { 201: json(SubmitResult, 'Durably queued'), ...problems },
});
export const listExperiments = createRoute({
  method: 'get',
  path: '/experiments',
  request: {
    query: z.object({
      kind: ExperimentKind.optional(),
      before: z.coerce.number().int().positive().optional().openapi({ description: '`next` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      ids: z
        .string()
        .max(2_000)
        .regex(/^\d{1,15}(,\d{1,15})*$/, 'numbers with commas between them')
        .optional()
        .openapi({ description: 'These alone; those that are gone are left out.' }),
    }),
  },
  responses: { 200: json(ExperimentList, 'Experiments, the latest first'), ...problems },
});
export const getExperiment = createRoute({
  method: 'get',
  path: '/experiments/{id}',
  request: { params: idParam },
  responses: { 200: json(ExperimentDetail, 'One experiment with its trials, best first'), ...problems },
});
export const actOnExperiment = createRoute({
  method: 'post',
  path: '/experiments/{id}/actions',
  request: { params: idParam, ...body(ExperimentActionBody) },
  responses: { 200: json(TrialActionResult, 'Done to those of its trials that it fits'), ...problems },
});
export const previewSubmit = createRoute({
  method: 'post',
  path: '/experiments/preview',
  request: body(z.object({ config: z.record(z.string(), z.unknown()), source: SubmitSource }).strict()),
  responses: { 200: json(SearchPreview, 'What a submit of this would make; nothing is submitted'), ...problems },
});
export const getTrial = createRoute({
  method: 'get',
  path: '/trials/{id}',
  request: { params: idParam },
  responses: { 200: json(TrialDetail, 'Everything about one trial'), ...problems },
});
export const actOnTrials = createRoute({
  method: 'post',
  path: '/trials/actions',
  request: body(TrialActionBody),
  responses: { 200: json(TrialActionResult, 'All trials acted on, or none'), ...problems },
});
export const duplicateTrial = createRoute({
  method: 'post',
  path: '/trials/{id}/duplicate',
  request: {
    params: idParam,
    ...body(
      z
        .object({
          config: z
            .record(z.string(), z.unknown())
            .openapi({ description: 'The edited configuration; replaces the old one.' }),
          paused: z.boolean().default(false),
          after: After.default([]),
          fromCheckpoint: z
            .boolean()
            .default(false)
            .openapi({ description: 'A fork: it begins with the newest checkpoint of the old trial.' }),
        })
        .strict(),
    ),
  },
  responses: { 201: json(SubmitResult, 'A new experiment on the same snapshot'), ...problems },
});
export const deletePreview = createRoute({
  method: 'post',
  path: '/trials/delete-preview',
  request: body(z.object({ trialIds: TrialIds }).strict()),
  responses: {
    200: json(
      z.object({ freesBytes: z.number().int(), checkpoints: z.number().int(), trials: z.number().int() }),
      'What deleting would free',
    ),
    ...problems,
  },
});
export const movePreview = createRoute({
  method: 'post',
  path: '/trials/move-preview',
  request: body(
    z.object({ trialIds: z.array(z.number().int()).min(1).max(1000), to: MoveTo, poolId: PoolId.optional() }).strict(),
  ),
  responses: {
    200: json(
      z.object({
        before: z.array(ForecastEntry),
        after: z.array(ForecastEntry),
        priority: z.number().int().nullable(),
      }),
      'Forecast of the trials with and without the move, and the priority they would take',
    ),
    ...problems,
  },
});
export const planMove = createRoute({
  method: 'post',
  path: '/trials/move-plan',
  request: body(MovePlanBody),
  responses: {
    200: json(
      MovePlan,
      'For each pool: when they would start and end there, the most it costs, and what stands in the way',
    ),
    ...problems,
  },
});
export const undoLatest = createRoute({
  method: 'post',
  path: '/undo',
  responses: { 200: json(TrialActionResult, 'The latest step that can be taken back is undone'), ...problems },
});
export const undo = createRoute({
  method: 'post',
  path: '/undo/{id}',
  request: { params: idParam },
  responses: { 200: json(TrialActionResult, 'Undone'), ...problems },
});

export const getMetrics = createRoute({
  method: 'get',
  path: '/trials/{id}/metrics',
  request: {
    params: idParam,
    query: z.object({
      names: z.string().optional().openapi({ description: 'Comma-separated; default all.' }),
      maxPoints: z.coerce.number().int().min(10).max(20_000).default(1000),
      times: z.enum(['1']).optional().openapi({ description: 'With the time of each point.' }),
    }),
  },
  responses: { 200: json(z.object({ series: z.array(MetricSeries) }), 'Metric series'), ...problems },
});
export const getLogFacts = createRoute({
  method: 'get',
  path: '/trials/{id}/log-facts',
  request: { params: idParam },
  responses: { 200: json(LogFacts, 'Metrics and progress that its log has by itself'), ...problems },
});
export const takeLogMetrics = createRoute({
  method: 'post',
  path: '/trials/{id}/log-metrics',
  request: {
    params: idParam,
    ...body(
      z
        .object({
          takes: z
            .boolean()
            .openapi({ description: 'true: from its logs, from their beginnings on. false: no longer.' }),
        })
        .strict(),
    ),
  },
  responses: { 200: json(LogFacts, 'As it is now; what a long log has may still be on its way'), ...problems },
});
export const codeDiff = createRoute({
  method: 'get',
  path: '/trials/{id}/diff',
  request: {
    params: idParam,
    query: z.object({
      to: z.coerce
        .number()
        .int()
        .positive()
        .optional()
        .openapi({ description: 'Another trial; default: the directory it was submitted from, as it is now.' }),
    }),
  },
  responses: { 200: json(CodeDiff, 'What changed in the code'), ...problems },
});
export const logInfo = createRoute({
  method: 'get',
  path: '/trials/{id}/attempts/{attempt}/log/info',
  request: { params: attemptParam },
  responses: { 200: json(LogInfo, 'Size and dropped ranges'), ...problems },
});
export const readLog = createRoute({
  method: 'get',
  path: '/trials/{id}/attempts/{attempt}/log',
  request: {
    params: attemptParam,
    query: z.object({
      offset: z.coerce
        .number()
        .int()
        .optional()
        .openapi({ description: 'First byte; negative counts from the end. Default: the whole log (download).' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(8 * 1024 * 1024)
        .optional(),
      download: z.enum(['1']).optional(),
    }),
  },
  responses: {
    200: {
      content: { 'application/octet-stream': { schema: z.string() } },
      description: 'Raw bytes. Headers: x-log-offset (first byte returned), x-log-next (next byte to ask), x-log-total',
    },
    ...problems,
  },
});
export const followLog = createRoute({
  method: 'get',
  path: '/trials/{id}/attempts/{attempt}/log/follow',
  request: { params: attemptParam, query: z.object({ offset: z.coerce.number().int().default(0) }) },
  responses: {
    200: {
      content: { 'text/event-stream': { schema: z.string() } },
      description:
        'SSE: `chunk` {offset, next, text (base64)}, `dropped` {from, to}, `end` {totalBytes}; ids are byte offsets, resumable',
    },
    ...problems,
  },
});
export const searchLog = createRoute({
  method: 'get',
  path: '/trials/{id}/attempts/{attempt}/log/search',
  request: {
    params: attemptParam,
    query: z.object({
      q: z.string().min(1).max(500),
      limit: z.coerce.number().int().min(1).max(1000).default(200),
      from: z.coerce.number().int().min(0).default(0),
    }),
  },
  responses: {
    200: json(z.object({ hits: z.array(LogSearchHit), more: z.boolean() }), 'Lines that contain q, case-insensitive'),
    ...problems,
  },
});

export const listPools = createRoute({
  method: 'get',
  path: '/pools',
  responses: { 200: json(z.object({ pools: z.array(Pool) }), 'All pools'), ...problems },
});
export const createPool = createRoute({
  method: 'post',
  path: '/pools',
  request: body(CreatePoolBody),
  responses: { 201: json(Pool, 'Created'), ...problems },
});
export const checkTarget = createRoute({
  method: 'post',
  path: '/pools/check',
  request: body(CheckTargetBody),
  responses: { 200: json(TargetCheck, 'What is there. Nothing is changed, made or kept.'), ...problems },
});
export const updatePool = createRoute({
  method: 'patch',
  path: '/pools/{poolId}',
  request: { params: poolParam, ...body(UpdatePoolBody) },
  responses: { 200: json(Pool, 'Changed'), ...problems },
});
export const deletePool = createRoute({
  method: 'delete',
  path: '/pools/{poolId}',
  request: { params: poolParam },
  responses: { 204: { description: 'Removed; its GPUs go back to the workstation pool' }, ...problems },
});
export const actOnPool = createRoute({
  method: 'post',
  path: '/pools/{poolId}/actions',
  request: { params: poolParam, ...body(PoolActionBody) },
  responses: { 200: json(Pool, 'Done'), ...problems },
});

export const getGpus = createRoute({
  method: 'get',
  path: '/gpus',
  responses: { 200: json(GpuStatus, 'The latest reading'), ...problems },
});
export const updateSlot = createRoute({
  method: 'patch',
  path: '/slots/{uuid}',
  request: {
    params: z.object({
      uuid: z
        .string()
        .max(120)
        .openapi({ param: { name: 'uuid', in: 'path' } }),
    }),
    ...body(UpdateSlotBody),
  },
  responses: { 200: json(GpuStatus, 'Changed'), ...problems },
});
export const getDoctor = createRoute({
  method: 'get',
  path: '/doctor',
  responses: { 200: json(z.object({ checks: z.array(DoctorCheck) }), 'What was found and what to do'), ...problems },
});
export const getDisk = createRoute({
  method: 'get',
  path: '/disk',
  responses: {
    200: json(DiskUse, 'What takes the room; measured now, which takes a while for very many files'),
    ...problems,
  },
});
export const freeDisk = createRoute({
  method: 'post',
  path: '/disk/free',
  request: body(FreeDiskBody),
  responses: { 200: json(FreedDisk, 'What was given back, and what was kept and why'), ...problems },
});
export const getSettings = createRoute({
  method: 'get',
  path: '/settings',
  responses: { 200: json(Settings, 'Settings'), ...problems },
});
export const updateSettings = createRoute({
  method: 'patch',
  path: '/settings',
  request: body(Settings.partial().strict()),
  responses: { 200: json(Settings, 'Settings after the change'), ...problems },
});

const channelParam = z.object({ name: ChannelName.openapi({ param: { name: 'name', in: 'path' } }) });
export const listMessageChannels = createRoute({
  method: 'get',
  path: '/messages/channels',
  responses: { 200: json(z.object({ channels: z.array(Channel) }), 'Where messages go'), ...problems },
});
export const putMessageChannel = createRoute({
  method: 'post',
  path: '/messages/channels/{name}',
  request: { params: channelParam, ...body(ChannelBody) },
  responses: { 200: json(Channel, 'Made, or changed as a whole'), ...problems },
});
export const deleteMessageChannel = createRoute({
  method: 'delete',
  path: '/messages/channels/{name}',
  request: { params: channelParam },
  responses: { 204: { description: 'Removed, with the messages that waited for it' }, ...problems },
});
export const testMessageChannel = createRoute({
  method: 'post',
  path: '/messages/channels/{name}/test',
  request: { params: channelParam },
  responses: { 200: json(MessageTest, 'Whether a test message was taken'), ...problems },
});
export const getTrialMessages = createRoute({
  method: 'get',
  path: '/trials/{id}/messages',
  request: { params: idParam },
  responses: { 200: json(TrialMessages, 'Which channels it tells of its end'), ...problems },
});
export const setTrialMessages = createRoute({
  method: 'post',
  path: '/trials/{id}/messages',
  request: { params: idParam, ...body(TrialMessages) },
  responses: { 200: json(TrialMessages, 'As it is now'), ...problems },
});

const accountParam = z.object({ name: AccountName.openapi({ param: { name: 'name', in: 'path' } }) });
export const listCloudAccounts = createRoute({
  method: 'get',
  path: '/cloud/accounts',
  responses: { 200: json(z.object({ accounts: z.array(CloudAccount) }), 'Accounts at clouds'), ...problems },
});
export const putCloudAccount = createRoute({
  method: 'post',
  path: '/cloud/accounts/{name}',
  request: { params: accountParam, ...body(AccountBody) },
  responses: { 200: json(CloudAccount, 'Made, or given other credentials'), ...problems },
});
export const testCloudAccount = createRoute({
  method: 'post',
  path: '/cloud/accounts/{name}/test',
  request: { params: accountParam },
  responses: { 200: json(AccountCheck, 'What its credentials may do; nothing was made'), ...problems },
});
export const deleteCloudAccount = createRoute({
  method: 'delete',
  path: '/cloud/accounts/{name}',
  request: { params: accountParam },
  responses: { 204: { description: 'Removed, with its credentials' }, ...problems },
});
export const getCloudPolicy = createRoute({
  method: 'get',
  path: '/cloud/policy',
  responses: { 200: json(AccountPolicy, 'The least that an account must allow'), ...problems },
});
export const getMachineTypes = createRoute({
  method: 'get',
  path: '/cloud/machine-types',
  responses: { 200: json(MachineCatalogue, 'Machine types with their list prices'), ...problems },
});
export const listCloudMachines = createRoute({
  method: 'get',
  path: '/cloud/machines',
  responses: {
    200: json(z.object({ machines: z.array(CloudMachine) }), 'Machines that are, and were in the last two months'),
    ...problems,
  },
});
export const getCloudJourney = createRoute({
  method: 'get',
  path: '/cloud/machines/{attemptId}',
  request: { params: z.object({ attemptId: z.string().max(120) }) },
  responses: { 200: json(CloudOffload, 'A machine with its history'), ...problems },
});
export const getCloudMoney = createRoute({
  method: 'get',
  path: '/cloud/money',
  request: { query: z.object({ days: z.coerce.number().int().min(1).max(62).default(31) }) },
  responses: { 200: json(CloudMoney, 'What was and is being spent'), ...problems },
});
export const getPoolPrice = createRoute({
  method: 'get',
  path: '/cloud/pools/{poolId}/price',
  request: { params: poolParam },
  responses: { 200: json(PoolPrice, 'What a machine of a pool costs'), ...problems },
});
export const scanCloud = createRoute({
  method: 'post',
  path: '/cloud/scan',
  responses: { 200: json(CloudScan, 'Machines with our mark that nothing here knows as live'), ...problems },
});
export const endLeftover = createRoute({
  method: 'post',
  path: '/cloud/leftovers/end',
  request: body(EndLeftoverBody),
  responses: { 202: { description: 'Its end was asked for; a scan shows when it is gone' }, ...problems },
});

export const listEnvironments = createRoute({
  method: 'get',
  path: '/form/environments',
  request: {
    query: z.object({
      directory: z
        .string()
        .max(4096)
        .regex(/^\//, 'directory must be absolute')
        .optional()
        .openapi({ description: 'The directory to be submitted; its own environments come first.' }),
    }),
  },
  responses: {
    200: json(z.object({ environments: z.array(PythonEnvironment) }), 'Environments that a trial could run in'),
    ...problems,
  },
});
export const completeDirectory = createRoute({
  method: 'get',
  path: '/form/directories',
  request: {
    query: z.object({
      typed: z.string().max(4096).default('').openapi({
        description: 'An absolute path, or one beginning with ~; what stands behind the last slash may be incomplete.',
      }),
    }),
  },
  responses: { 200: json(DirectoryCompletion, 'The directories it may become'), ...problems },
});
export const recentSubmits = createRoute({
  method: 'get',
  path: '/form/recent',
  responses: { 200: json(RecentSubmits, 'What was submitted lately'), ...problems },
});
export const checkSubmit = createRoute({
  method: 'post',
  path: '/form/check',
  request: body(z.object({ config: z.record(z.string(), z.unknown()), source: SubmitSource }).strict()),
  responses: { 200: json(SubmitCheck, 'What a submit of this would be answered; nothing is submitted'), ...problems },
});

export const listExamples = createRoute({
  method: 'get',
  path: '/examples',
  responses: {
    200: json(
      z.object({ examples: z.array(z.object({ id: z.string(), title: z.string(), description: z.string() })) }),
      'Bundled examples',
    ),
    ...problems,
  },
});
export const runExample = createRoute({
  method: 'post',
  path: '/examples/{id}/run',
  request: {
    params: z.object({
      id: z
        .string()
        .regex(/^[a-z0-9-]{1,60}$/)
        .openapi({ param: { name: 'id', in: 'path' } }),
    }),
  },
  responses: { 201: json(SubmitResult, 'Queued'), ...problems },
});
export const shutdown = createRoute({
  method: 'post',
  path: '/engine/shutdown',
  responses: {
    202: json(
      z.object({ ok: z.literal(true) }),
      'Stops the engine; running trials go on and are adopted at the next start',
    ),
    ...problems,
  },
});
