/** The engine's HTTP API as functions. Every one throws ApiError with a sentence for the user. */
import type { SubmitBodyInput, SubmitResult } from '../../electron/contract/config.ts';
import type { DiskUse, FreedDisk } from '../../electron/contract/disk.ts';
import type {
  DirectoryCompletion,
  PythonEnvironment,
  RecentSubmits,
  SubmitCheck,
} from '../../electron/contract/form.ts';
import type { ForecastEntry, StateSnapshot } from '../../electron/contract/feed.ts';
import type { GpuStatus } from '../../electron/contract/gpus.ts';
import type { Channel, ChannelBody, MessageTest, TrialMessages } from '../../electron/contract/messages.ts';
import type { TrialSort } from '../../electron/contract/paging.ts';
import type {
  AccountBody,
  AccountCheck,
  AccountPolicy,
  CloudAccount,
  CloudMachine,
  CloudMoney,
  CloudScan,
} from '../../electron/contract/cloud.ts';
import type { Pool } from '../../electron/contract/pools.ts';
import type {
  NamedView,
  TableAnswer,
  TableColumns,
  TableQuestion,
  TableView,
  TableWindowInput,
} from '../../electron/contract/table.ts';
import type { PoolTarget, TargetCheck } from '../../electron/contract/targets.ts';
import type { CodeDiff } from '../../electron/contract/snapshots.ts';
import type { DoctorCheck, Settings } from '../../electron/contract/settings.ts';
import type {
  CheckpointView,
  LogFacts,
  LogInfo,
  MetricSeries,
  MoveTo,
  Trial,
  TrialActionInput,
  TrialActionResult,
  TrialDetail,
} from '../../electron/contract/trials.ts';
import type { TrialState } from '../../electron/contract/states.ts';
import type { MovePlan } from '../../electron/contract/move-plan.ts';
import type { MachineCatalogue } from '../../electron/contract/cloud.ts';
import { keepPageKey, pageKeyHeader } from './page-key.ts';
import { ApiError, readProblem } from './problem.ts';

/** What GET /trials can be asked; an empty text is not asked. */
export interface TrialQuestion {
  readonly search?: string;
  readonly state?: TrialState;
  readonly archived?: 'true' | 'false' | 'all';
  readonly sort?: TrialSort;
  readonly order?: 'asc' | 'desc' | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

export type ChannelBodyInput = Pick<ChannelBody, 'target' | 'events'>;

const PREFIX = '/api/v1';

/** Address of an API path, for event streams and downloads. */
export const apiUrl = (path: string): string => `${PREFIX}${path}`;

interface Init extends Omit<RequestInit, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(path: string, init?: Init): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      credentials: 'same-origin',
      cache: 'no-store',
      ...init,
      headers: { ...pageKeyHeader(), ...init?.headers },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError({
      status: 0,
      code: 'unreachable',
      detail: 'The engine did not answer.',
      remedy: 'It may be restarting. This window reconnects by itself.',
    });
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await send(apiUrl(path), signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

async function write<T>(
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(apiUrl(path), {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** The door's own questions, beside the API. */
async function askDesk<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return (await (await send(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as T;
}

/** A piece of a log: bytes [offset, next) of `total`. */
export interface LogPiece {
  readonly offset: number;
  readonly next: number;
  readonly total: number;
  readonly bytes: Uint8Array;
}

/** A line that holds the searched text; `offset` is where it begins, in bytes. */
export interface LogHit {
  readonly offset: number;
  readonly line: string;
}

export interface DuplicateBody {
  readonly config: Record<string, unknown>;
  readonly paused: boolean;
}
export type PoolSettingsPatch = Partial<Pool['settings']>;
export interface Example {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

const logPath = (id: number, attempt: number): string => `/trials/${id}/attempts/${attempt}/log`;

export const api = {
  exchangeToken: async (token: string): Promise<void> => {
    const { pageKey } = await askDesk<{ pageKey: string }>('/auth/exchange', { token });
    keepPageKey(pageKey);
  },
  /** @param url path and query of one download; @returns what to add to it as `ticket`, once and within half a minute */
  downloadTicket: async (url: string): Promise<string> =>
    (await askDesk<{ ticket: string }>('/auth/download-tickets', { path: url })).ticket,
  state: (signal?: AbortSignal) => get<StateSnapshot>('/state', signal),
  submit: (body: SubmitBodyInput) => write<SubmitResult>('POST', '/experiments', body),
  trial: (id: number, signal?: AbortSignal) => get<TrialDetail>(`/trials/${id}`, signal),
  act: (body: TrialActionInput) => write<TrialActionResult>('POST', '/trials/actions', body),
  duplicate: (id: number, body: DuplicateBody) => write<SubmitResult>('POST', `/trials/${id}/duplicate`, body),
  deletePreview: (trialIds: readonly number[]) =>
    write<{ freesBytes: number; checkpoints: number; trials: number }>('POST', '/trials/delete-preview', { trialIds }),
  movePreview: (body: { trialIds: number[]; to: MoveTo; poolId?: string }, signal?: AbortSignal) =>
    write<{ before: ForecastEntry[]; after: ForecastEntry[]; priority: number | null }>(
      'POST',
      '/trials/move-preview',
      body,
      signal,
    ),
  /** What a move to each of the pools would bring, cost and meet. */
  planMove: (trialIds: readonly number[], signal?: AbortSignal) =>
    write<MovePlan>('POST', '/trials/move-plan', { trialIds }, signal),
  undo: (undoId: number) => write<TrialActionResult>('POST', `/undo/${undoId}`),
  metrics: (id: number, maxPoints: number, signal?: AbortSignal) =>
    get<{ series: MetricSeries[] }>(`/trials/${id}/metrics?maxPoints=${maxPoints}&times=1`, signal),
  logFacts: (id: number, signal?: AbortSignal) => get<LogFacts>(`/trials/${id}/log-facts`, signal),
  takeLogMetrics: (id: number, takes: boolean) => write<LogFacts>('POST', `/trials/${id}/log-metrics`, { takes }),
  codeDiff: (id: number, to: number | null, signal?: AbortSignal) =>
    get<CodeDiff>(`/trials/${id}/diff${to === null ? '' : `?to=${to}`}`, signal),
  logInfo: (id: number, attempt: number, signal?: AbortSignal) => get<LogInfo>(`${logPath(id, attempt)}/info`, signal),
  /** Reads part of a log. `offset` negative counts from the end; bytes. */
  readLog: async (
    id: number,
    attempt: number,
    offset: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<LogPiece> => {
    const response = await send(
      apiUrl(`${logPath(id, attempt)}?offset=${offset}&limit=${limit}`),
      signal === undefined ? {} : { signal },
    );
    const bytes = new Uint8Array(await response.arrayBuffer());
    const start = Number(response.headers.get('x-log-offset') ?? Math.max(0, offset));
    const next = Number(response.headers.get('x-log-next') ?? start + bytes.length);
    return { offset: start, next, total: Number(response.headers.get('x-log-total') ?? next), bytes };
  },
  logFollowUrl: (id: number, attempt: number, offset: number) =>
    apiUrl(`${logPath(id, attempt)}/follow?offset=${offset}`),
  logDownloadUrl: (id: number, attempt: number) => apiUrl(`${logPath(id, attempt)}?download=1`),
  searchLog: (id: number, attempt: number, query: string, signal?: AbortSignal) =>
    get<{ hits: LogHit[]; more: boolean }>(
      `${logPath(id, attempt)}/search?${new URLSearchParams({ q: query, limit: '500' })}`,
      signal,
    ),
  createPool: (body: { name: string; gpuUuids?: string[]; target?: PoolTarget; settings?: PoolSettingsPatch }) =>
    write<Pool>('POST', '/pools', body),
  /** Looks at a place elsewhere; makes nothing of it. */
  checkTarget: (target: PoolTarget) => write<TargetCheck>('POST', '/pools/check', { target }),
  cloudAccounts: (signal?: AbortSignal) => get<{ accounts: CloudAccount[] }>('/cloud/accounts', signal),
  /** Makes it, or gives it other credentials. */
  putCloudAccount: (name: string, body: Pick<AccountBody, 'credentials'> & Partial<AccountBody>) =>
    write<CloudAccount>('POST', `/cloud/accounts/${encodeURIComponent(name)}`, body),
  testCloudAccount: (name: string) => write<AccountCheck>('POST', `/cloud/accounts/${encodeURIComponent(name)}/test`),
  deleteCloudAccount: (name: string) => write<undefined>('DELETE', `/cloud/accounts/${encodeURIComponent(name)}`),
  cloudPolicy: (signal?: AbortSignal) => get<AccountPolicy>('/cloud/policy', signal),
  cloudMachines: (signal?: AbortSignal) => get<{ machines: CloudMachine[] }>('/cloud/machines', signal),
  cloudMoney: (signal?: AbortSignal) => get<CloudMoney>('/cloud/money', signal),
  scanCloud: () => write<CloudScan>('POST', '/cloud/scan'),
  endLeftover: (leftover: { account: string; region: string; ref: string }) =>
    write<undefined>('POST', '/cloud/leftovers/end', leftover),
  updatePool: (
    id: string,
    body: { name?: string; gpuUuids?: string[]; settings?: PoolSettingsPatch; expectedRevision?: number },
  ) => write<Pool>('PATCH', `/pools/${id}`, body),
  deletePool: (id: string) => write<undefined>('DELETE', `/pools/${id}`),
  actOnPool: (id: string, action: 'pause' | 'resume' | 'drain') =>
    write<Pool>('POST', `/pools/${id}/actions`, { action }),
  updateSlot: (uuid: string, body: { keptBack?: boolean; poolId?: string }) =>
    write<GpuStatus>('PATCH', `/slots/${encodeURIComponent(uuid)}`, body),
  doctor: (signal?: AbortSignal) => get<{ checks: DoctorCheck[] }>('/doctor', signal),
  updateSettings: (patch: Partial<Settings>) => write<Settings>('PATCH', '/settings', patch),
  listTrials: (question: TrialQuestion, signal?: AbortSignal) =>
    get<{ trials: Trial[]; total: number; next: string | null }>(
      `/trials?${new URLSearchParams(Object.entries(question).flatMap(([key, value]) => (value === undefined || value === '' ? [] : [[key, String(value)]])))}`,
      signal,
    ),
  table: (body: TableWindowInput, signal?: AbortSignal) => write<TableAnswer>('POST', '/table', body, signal),
  tableColumns: (body: TableQuestion, signal?: AbortSignal) =>
    write<TableColumns>('POST', '/table/columns', body, signal),
  pinCheckpoint: (id: number, pinned: boolean) => write<CheckpointView>('POST', `/checkpoints/${id}/pin`, { pinned }),
  tableViews: (signal?: AbortSignal) => get<{ views: NamedView[] }>('/table/views', signal),
  putTableView: (name: string, view: TableView) =>
    write<{ views: NamedView[] }>('POST', `/table/views/${encodeURIComponent(name)}`, view),
  deleteTableView: (name: string) =>
    write<{ views: NamedView[] }>('DELETE', `/table/views/${encodeURIComponent(name)}`),
  channels: (signal?: AbortSignal) => get<{ channels: Channel[] }>('/messages/channels', signal),
  putChannel: (name: string, body: ChannelBodyInput) =>
    write<Channel>('POST', `/messages/channels/${encodeURIComponent(name)}`, body),
  deleteChannel: (name: string) => write<undefined>('DELETE', `/messages/channels/${encodeURIComponent(name)}`),
  testChannel: (name: string) => write<MessageTest>('POST', `/messages/channels/${encodeURIComponent(name)}/test`),
  trialMessages: (id: number, signal?: AbortSignal) => get<TrialMessages>(`/trials/${id}/messages`, signal),
  setTrialMessages: (id: number, messages: TrialMessages) =>
    write<TrialMessages>('POST', `/trials/${id}/messages`, messages),
  environments: (directory: string, signal?: AbortSignal) =>
    get<{ environments: PythonEnvironment[] }>(
      `/form/environments${directory === '' ? '' : `?${new URLSearchParams({ directory })}`}`,
      signal,
    ),
  completeDirectory: (typed: string, signal?: AbortSignal) =>
    get<DirectoryCompletion>(`/form/directories?${new URLSearchParams({ typed })}`, signal),
  recentSubmits: (signal?: AbortSignal) => get<RecentSubmits>('/form/recent', signal),
  checkSubmit: (body: Pick<SubmitBodyInput, 'config' | 'source'>, signal?: AbortSignal) =>
    write<SubmitCheck>('POST', '/form/check', body, signal),
  disk: (signal?: AbortSignal) => get<DiskUse>('/disk', signal),
  freeWork: () => write<FreedDisk>('POST', '/disk/free', { what: 'work' }),
  examples: (signal?: AbortSignal) => get<{ examples: Example[] }>('/examples', signal),
  machineTypes: (signal?: AbortSignal) => get<MachineCatalogue>('/cloud/machine-types', signal),
  runExample: (id: string) => write<SubmitResult>('POST', `/examples/${id}/run`),
};
