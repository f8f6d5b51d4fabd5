/** What a submit would be answered with, without submitting: for a form that tells it while it is filled in. */
import { SwitchyardError } from '../contract/errors.ts';
import type { SubmitBody } from '../contract/config.ts';
import type { SubmitCheck } from '../contract/form.ts';
import { previewOf, type PreviewFacts } from './preview-submit.ts';
import { judgeSubmit, type SubmitDeps } from './submit.ts';

/** Nothing is copied or written; what only the copy shows (its size, say) is not told. */
export async function checkSubmit(
  deps: SubmitDeps,
  facts: PreviewFacts,
  body: Pick<SubmitBody, 'config' | 'source'>,
): Promise<SubmitCheck> {
  try {
    if (body.source.kind !== 'none') await deps.snapshots.checkSource(body.source.path);
    const judged = await judgeSubmit(deps, body);
    const preview = judged.plan.kind === 'single' ? null : previewOf(facts, judged);
    return { problem: null, notes: judged.notes, preview };
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    return { problem: error.toProblem(), notes: [], preview: null };
  }
}
