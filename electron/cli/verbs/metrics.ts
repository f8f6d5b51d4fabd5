/** `switchyard metrics` */
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { findTrialId } from '../find-trial.ts';
import { formatCsv, metricsTable, readMetrics } from '../metrics.ts';

/** The most the engine hands out of one series; longer ones come thinned. */
const MOST_POINTS = 20_000;

export const build: BuildVerb = (context) =>
  createVerb(
    'metrics',
    'What a trial reported: last, least and greatest value of each metric; with --csv all points.',
    ['metrics 14', 'metrics 14 --csv > 14.csv'],
    context,
  )
    .argument('[id]', 'trial: 14, #14 or its name')
    .option(
      '--csv',
      `a row per step, a column per metric; of more than ${MOST_POINTS.toLocaleString('en-US')} points the highs and lows`,
    )
    .action(async (word: string | undefined, flags: { json?: boolean; csv?: boolean }) => {
      const id = await findTrialId(word, context);
      const series = await readMetrics(await context.connect(), id, MOST_POINTS);
      if (series.length === 0 && flags.json !== true) {
        context.terminal.note(`#${id} has reported no metrics. In Python: switchyard.metrics(step, loss=loss)`);
        return;
      }
      show(context, flags.json, { series }, () => (flags.csv === true ? formatCsv(series) : metricsTable(series)));
    });
