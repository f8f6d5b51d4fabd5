/** What a submit form asks: directories, environments, what was submitted lately, and what the engine would say. */
import path from 'node:path';
import type { SubmitBody } from '../../contract/config.ts';
import type { DirectoryCompletion, PythonEnvironment, RecentSubmits, SubmitCheck } from '../../contract/form.ts';
import { checkSubmit } from '../../experiments/check-submit.ts';
import type { PreviewFacts } from '../../experiments/preview-submit.ts';
import type { SubmitDeps } from '../../experiments/submit.ts';
import type { FormPlaces } from '../../ports/form-places.ts';
import { listRecentDirectories, listRecentLabels } from '../../store/experiments.ts';

const MOST_DIRECTORIES = 10;
const MOST_LABELS = 30;

export interface FormService {
  /** @param directory absolute; null = only those of the user */
  environments(directory: string | null): Promise<PythonEnvironment[]>;
  completeDirectory(typed: string): Promise<DirectoryCompletion>;
  recentSubmits(): RecentSubmits;
  checkSubmit(body: Pick<SubmitBody, 'config' | 'source'>): Promise<SubmitCheck>;
}

export function createFormService(deps: {
  readonly submit: SubmitDeps;
  readonly preview: PreviewFacts;
  readonly places: FormPlaces;
  readonly examplesDir: string;
}): FormService {
  const { submit, places } = deps;
  const { db } = submit.store;
  return {
    environments: async (directory) => [...(await places.environments(directory))],
    completeDirectory: (typed) => places.completeDirectory(typed),
    recentSubmits: () => ({
      // The bundled examples are nobody's directory.
      directories: listRecentDirectories(db, 2 * MOST_DIRECTORIES)
        .filter((dir) => path.dirname(dir) !== deps.examplesDir)
        .slice(0, MOST_DIRECTORIES),
      labels: listRecentLabels(db, MOST_LABELS),
    }),
    checkSubmit: (body) => checkSubmit(submit, deps.preview, body),
  };
}
