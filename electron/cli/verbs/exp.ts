/** `switchyard exp ...` */
import type { Command } from 'commander';
import type { ExperimentDetail, ExperimentList, ExperimentView } from '../../contract/experiments.ts';
import type { MoveTo, TrialActionResult } from '../../contract/trials.ts';
import type { EngineClient } from '../../client/engine-client.ts';
import { showActionResult } from '../act-on-trials.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { confirmLoss, YES_FLAG, type ConfirmFlags } from '../confirm-loss.ts';
import { describeExperiment, experimentTable, sweepTable } from '../describe-experiment.ts';
import { addCheckpointVerbs } from '../exp-checkpoints.ts';
import { addTableVerbs } from '../exp-table.ts';
import { CliError, ExitCode, usageError } from '../exit-codes.ts';
import { readTrialId } from '../find-trial.ts';
import { splitMoveWords } from '../move-words.ts';
import { parseWholeNumber } from '../values.ts';

const STOPS = {
  pause: 'Stop all its trials and keep their places; its search makes no more until it is resumed.',
  cancel: 'Take its trials out; its search is over.',
  kill: 'Stop its trials at once; its search is over.',
} as const;

interface Json {
  readonly json?: boolean;
}

export const build: BuildVerb = (context) => {
  const exp = createVerb(
    'exp',
    'Experiments: sweeps and searches as wholes, and the table of their trials. EXPERIMENT is its number, or its name.',
    [
      'exp ls',
      'exp show 5',
      'exp table --sort val_loss',
      'exp compare 12 14',
      'exp mv 5 top',
      'exp cap 5 2',
      'exp more 5 20',
    ],
    context,
  );
  const sub = (name: string, description: string, examples: readonly string[]): Command =>
    createVerb(
      name,
      description,
      examples.map((line) => `exp ${line}`),
      context,
    );
  exp
    // What stands behind the inner verb is its own: --json, too.
    .enablePositionalOptions()
    .usage('VERB [ARGUMENT...]')
    .argument('[words...]')
    .action((words: string[]) => {
      const [word] = words;
      throw usageError(
        word === undefined ? 'exp needs to know what to do.' : `exp does not know "${word}".`,
        `It knows ${exp.commands.map((one) => one.name()).join(', ')}; see "switchyard exp --help".`,
      );
    });
  const act = async (word: string, action: Record<string, unknown>, flags: Json): Promise<void> => {
    const client = await context.connect();
    const { id } = await findExperiment(client, word);
    const result = await client.request<TrialActionResult>('POST', `/experiments/${id}/actions`, action);
    showActionResult(context, flags.json, result);
  };

  exp.addCommand(
    sub('ls', 'List experiments, the latest first, each with its best trial.', ['ls', 'ls --sweeps'])
      .option('--sweeps', 'only those of several trials')
      .option('--limit <n>', 'at most this many (default 50)')
      .action(async (flags: Json & { sweeps?: boolean; limit?: string }) => {
        const client = await context.connect();
        const limit = parseWholeNumber(flags.limit ?? '50', '--limit', 1, 200);
        const answer = await client.request<ExperimentList>('GET', `/experiments?limit=${limit}`);
        const experiments = answer.experiments.filter(({ kind }) => flags.sweeps !== true || kind !== 'single');
        if (experiments.length === 0 && flags.json !== true) {
          context.terminal.note(
            'There are none. A sweep: switchyard submit -S lr=0.1,0.01 -- python train.py --lr {lr}',
          );
          return;
        }
        show(context, flags.json, { experiments }, () => experimentTable(experiments, context.terminal.width));
      }),
  );
  exp.addCommand(
    sub('show', 'One experiment: its trials, best first, and the rungs of its search.', ['show 5', 'show 5 --json'])
      .argument('<experiment>')
      .action(async (word: string, flags: Json) => {
        const client = await context.connect();
        const { id } = await findExperiment(client, word);
        const detail = await client.request<ExperimentDetail>('GET', `/experiments/${id}`);
        show(context, flags.json, detail, () =>
          [...describeExperiment(detail), '', ...sweepTable(detail, context.terminal.width, Date.now())].join('\n'),
        );
      }),
  );
  addTableVerbs(exp, sub, context);
  addCheckpointVerbs(exp, sub, context);
  for (const [name, description] of [
    ['resume', 'Let its paused trials start again.'],
    ['archive', 'Hide its ended trials.'],
    ['unarchive', 'Show its archived trials again.'],
  ] as const)
    exp.addCommand(
      sub(name, description, [`${name} 5`])
        .argument('<experiment>')
        .action((word: string, flags: Json) => act(word, { action: name }, flags)),
    );
  for (const name of ['pause', 'cancel', 'kill'] as const)
    exp.addCommand(
      sub(name, STOPS[name], [`${name} 5`])
        .argument('<experiment>')
        .option(...YES_FLAG)
        .action(async (word: string, flags: ConfirmFlags) => {
          const client = await context.connect();
          const { id } = await findExperiment(client, word);
          const { trials } = await client.request<ExperimentDetail>('GET', `/experiments/${id}`);
          const live = trials.filter(({ trial }) => trial.state !== 'done').map(({ trial }) => trial.id);
          if (live.length > 0) await confirmLoss(context, live, name, flags, async () => undefined);
          await act(String(id), { action: name }, flags);
        }),
    );
  exp.addCommand(
    sub('mv', 'Move those of its trials that wait: top, bottom, ahead TRIAL, behind TRIAL, to N.', ['mv 5 top'])
      .argument('<words...>', 'experiment, then the place')
      .action(async (words: string[], flags: Json) => {
        const { idWords, to } = splitMoveWords(words);
        const [word, ...more] = idWords;
        if (word === undefined || more.length > 0)
          throw usageError('exp mv moves one experiment.', 'For example: switchyard exp mv 5 top');
        if (to.place === 'up' || to.place === 'down')
          throw usageError(
            `exp mv does not know "${to.place}".`,
            'Write top, bottom, ahead TRIAL, behind TRIAL or to N.',
          );
        const target: MoveTo =
          to.place === 'ahead' || to.place === 'behind'
            ? { place: to.place, anchorId: await readTrialId(to.anchor, context, { meant: 'live' }) }
            : to;
        await act(word, { action: 'move', to: target }, flags);
      }),
  );
  exp.addCommand(
    sub('priority', 'Change the priority of its trials, those to come too.', ['priority 5 10'])
      .argument('<experiment>')
      .argument('<priority>', '1 is first, 99 last')
      .action((word: string, priority: string, flags: Json) =>
        act(word, { action: 'priority', priority: parseWholeNumber(priority, 'priority', 1, 99) }, flags),
      ),
  );
  exp.addCommand(
    sub('cap', 'How many GPUs its trials hold together; "none" takes the cap off.', ['cap 5 2', 'cap 5 none'])
      .argument('<experiment>')
      .argument('<gpus>')
      .action((word: string, gpus: string, flags: Json) =>
        act(word, { action: 'cap', maxSlots: gpus === 'none' ? null : parseWholeNumber(gpus, 'cap', 1, 64) }, flags),
      ),
  );
  exp.addCommand(
    sub('more', 'Let a search go on with more trials, also when it is over.', ['more 5 20'])
      .argument('<experiment>')
      .argument('<trials>')
      .action((word: string, trials: string, flags: Json) =>
        act(word, { action: 'more', trials: parseWholeNumber(trials, 'more', 1, 10_000) }, flags),
      ),
  );
  return exp;
};

/** By number, or by a name of which the latest is meant. */
async function findExperiment(client: EngineClient, word: string): Promise<Pick<ExperimentView, 'id'>> {
  if (/^e?\d+$/.test(word)) return { id: Number(word.replace('e', '')) };
  const { experiments } = await client.request<ExperimentList>('GET', '/experiments?limit=200');
  const found = experiments.find(({ name }) => name === word);
  if (found !== undefined) return found;
  throw new CliError(
    ExitCode.refused,
    `There is no experiment "${word}" among the latest.`,
    'List them with: switchyard exp ls',
  );
}
