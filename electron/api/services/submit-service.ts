/** New trials: submitted, copied with another configuration, or from the examples; and how the code of two differs. */
import type { SubmitBody, SubmitResult } from '../../contract/config.ts';
import type { CodeDiff } from '../../contract/snapshots.ts';
import { compareCode } from '../../experiments/compare-code.ts';
import { listExamples } from '../../experiments/examples.ts';
import { runExample } from '../../experiments/run-example.ts';
import { duplicateTrial, submitExperiment, type DuplicateBody, type SubmitDeps } from '../../experiments/submit.ts';

export interface SubmitService {
  submit(body: SubmitBody): Promise<SubmitResult>;
  duplicate(id: number, body: DuplicateBody): Promise<SubmitResult>;
  examples(): Promise<{ id: string; title: string; description: string }[]>;
  runExample(id: string): Promise<SubmitResult>;
  /** @param to null = the directory it was submitted from, as it is now */
  codeDiff(from: number, to: number | null): Promise<CodeDiff>;
}

export function createSubmitService(deps: {
  readonly submit: SubmitDeps;
  readonly examplesDir: string;
  readonly dockerAvailable: () => boolean;
}): SubmitService {
  const { submit, examplesDir } = deps;
  return {
    submit: (body) => submitExperiment(submit, body),
    duplicate: (id, body) => duplicateTrial(submit, id, body),
    examples: async () =>
      (await listExamples(examplesDir)).map(({ id, title, description }) => ({ id, title, description })),
    runExample: (id) => runExample(submit, examplesDir, id, deps.dockerAvailable),
    codeDiff: (from, to) => compareCode(submit, from, to),
  };
}
