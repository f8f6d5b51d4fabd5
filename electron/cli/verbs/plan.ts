/** `switchyard plan` */
import path from 'node:path';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';
import { readTextFile } from '../read-text-file.ts';
import { readStdin } from '../terminal.ts';

const LARGEST_SCENARIO_BYTES = 64 * 1024 * 1024;

export const build: BuildVerb = (context) =>
  createVerb(
    'plan',
    'Run one pass of the scheduler on a scenario, without an engine: which trials start, which are ' +
      'preempted, and why the others wait.\nThe scenario is JSON: {policy, preemption, backfill, slots, ' +
      'maxCpuTrials, trials}. The answer is JSON: {start, preempt, waiting}.',
    ['plan scenario.json', 'plan - < scenario.json'],
    context,
  )
    .argument('<file>', 'scenario file; "-" for standard input')
    .action(async (file: string) => {
      const text =
        file === '-'
          ? await readStdin(context.terminal.stdin, LARGEST_SCENARIO_BYTES)
          : readTextFile(path.resolve(context.terminal.cwd, file));
      let scenario: unknown;
      try {
        scenario = JSON.parse(text);
      } catch (error) {
        throw usageError(
          `${file === '-' ? 'What came through the pipe' : file} is not JSON: ${error instanceof Error ? error.message : String(error)}.`,
        );
      }
      const { planScenario } = await import('../../scheduler/scenario.ts');
      context.terminal.print(JSON.stringify(planScenario(scenario), null, 2));
    });
