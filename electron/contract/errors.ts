/**
 * Errors as they cross the wire: RFC 9457 problem details with a stable `code`.
 * `detail` is one sentence for a person: what happened, what it means; `remedy` is what to do next.
 */
import { z } from '@hono/zod-openapi';

/** code -> HTTP status. A code, once published, keeps its meaning. */
export const ERROR_STATUS = {
  invalid_request: 400,
  invalid_config: 400,
  unknown_key: 400,
  invalid_priority: 400,
  invalid_slots: 400,
  too_many_slots: 400,
  too_many_trials: 400,
  invalid_place: 400,
  invalid_search: 400,
  directory_relative: 400,
  directory_missing: 400,
  directory_unreadable: 400,
  snapshot_too_large: 400,
  snapshot_refused: 400,
  snapshot_missing: 410,
  snapshot_damaged: 500,
  snapshots_unwritable: 503,
  runtime_unavailable: 400,
  mount_refused: 400,
  command_missing: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  illegal_state: 409,
  stale_revision: 409,
  pool_in_use: 409,
  target_unusable: 409,
  undo_gone: 409,
  data_dir_locked: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  batch_refused: 409,
  disk_full: 507,
  database_busy: 503,
  database_read_only: 503,
  database_newer: 500,
  database_corrupt: 500,
  disk_failing: 503,
  secret_unreadable: 409,
  cloud_refused: 502,
  shutting_down: 503,
  starting: 503,
  internal: 500,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

export const ItemError = z
  .object({
    id: z.union([z.number(), z.string()]),
    code: z.string(),
    message: z.string(),
  })
  .openapi('ItemError');
export type ItemError = z.infer<typeof ItemError>;

export const Problem = z
  .object({
    type: z.string().openapi({ example: 'urn:switchyard:error:stale_revision' }),
    title: z.string(),
    status: z.number().int(),
    code: z.string().openapi({ description: 'Stable machine-readable code.' }),
    detail: z.string(),
    remedy: z.string().optional(),
    path: z
      .string()
      .optional()
      .openapi({ description: 'Where in the input the fault is, for example resources.slots.' }),
    items: z
      .array(ItemError)
      .optional()
      .openapi({ description: 'One entry per refused trial of a batch; nothing was changed.' }),
    errorId: z
      .string()
      .optional()
      .openapi({ description: 'For internal errors: the id to look for in the engine log.' }),
  })
  .openapi('Problem');
export type Problem = z.infer<typeof Problem>;

export interface SwitchyardErrorFields {
  readonly remedy?: string;
  readonly path?: string;
  readonly items?: readonly ItemError[];
}

/**
 * An expected error: it has a code, a sentence for the user and, where there is one, a remedy.
 * Everything thrown that is not a SwitchyardError is a bug and reaches the user only as an id.
 */
export class SwitchyardError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly path: string | undefined;
  readonly items: readonly ItemError[] | undefined;

  constructor(code: ErrorCode, message: string, fields: SwitchyardErrorFields = {}) {
    super(message);
    this.name = 'SwitchyardError';
    this.code = code;
    this.remedy = fields.remedy;
    this.path = fields.path;
    this.items = fields.items;
  }

  /** @returns the RFC 9457 body for this error. */
  toProblem(): Problem {
    return {
      type: `urn:switchyard:error:${this.code}`,
      title: this.code.replaceAll('_', ' '),
      status: ERROR_STATUS[this.code],
      code: this.code,
      detail: this.message,
      ...(this.remedy === undefined ? {} : { remedy: this.remedy }),
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.items === undefined ? {} : { items: [...this.items] }),
    };
  }
}
