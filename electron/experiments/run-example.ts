/** Submits one of the examples that ship with Switchyard. */
import type { SubmitResult } from '../contract/config.ts';
import { chooseExampleRuntime, loadExample } from './examples.ts';
import { submitExperiment, type SubmitDeps } from './submit.ts';

/** @throws SwitchyardError not_found for an id that is none of them; and what a submit throws */
export async function runExample(
  deps: SubmitDeps,
  examplesDir: string,
  id: string,
  dockerAvailable: () => boolean,
): Promise<SubmitResult> {
  const example = await loadExample(examplesDir, id);
  return submitExperiment(deps, {
    config: chooseExampleRuntime(example, dockerAvailable()),
    source: { kind: 'directory', path: example.dir },
    paused: false,
    after: [],
  });
}
