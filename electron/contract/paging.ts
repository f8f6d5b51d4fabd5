/** How long lists are asked for: so many at once, in this order. */
import { z } from '@hono/zod-openapi';

/** Most trials of one answer of GET /trials: the next page is asked for with `after`. A larger one would hold up everybody else. */
export const MAX_PAGE = 1_000;

/**
 * By what trials are sorted. `line` is the order of the queue: active ones, the line, then what ended, the latest first.
 * Of the others those without a value (never started, no metric) come last, whichever way it goes.
 */
export const TrialSort = z
  .enum(['line', 'end', 'start', 'duration', 'name', 'last', 'best'])
  .openapi('TrialSort', { description: 'last and best are values of the main metric.' });
export type TrialSort = z.infer<typeof TrialSort>;
