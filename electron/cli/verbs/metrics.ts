/** `switchyard metrics` */
import type { LogFacts } from '../../contract/trials.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { readTrialId } from '../find-trial.ts';
import { plain } from '../table.ts';
import { formatCsv, metricsTable, readMetrics } from '../metrics.ts';

/** The most the engine hands out of one series; longer ones come thinned. */
const MOST_POINTS = 20_000;

export const build: BuildVerb = (context) =>
  createVerb(
    'metrics',
    'What a trial reported: last, least and greatest value of each metric; with --csv all points.',
    ['metrics 14', 'metrics 14 --csv > 14.csv', 'metrics 14 --from-log'],
    context,
  )
    .argument('[id]', 'trial: 14, #14 or its name')
    .option(
      '--csv',
      `a row per step, a column per metric; of more than ${MOST_POINTS.toLocaleString('en-US')} points the highs and lows`,
    )
    .option('--from-log', 'take "loss=0.31" and the like in its log as metrics, from now on and what is there already')
    .option('--no-from-log', 'take no more of them; what was taken stays')
    .action(async (word: string | undefined, flags: { json?: boolean; csv?: boolean; fromLog?: boolean }) => {
      const id = await readTrialId(word, context);
      const client = await context.connect();
      if (flags.fromLog !== undefined)
        await client.request<LogFacts>('POST', `/trials/${id}/log-metrics`, { takes: flags.fromLog });
      const series = await readMetrics(client, id, MOST_POINTS);
      if (series.length === 0 && flags.json !== true) {
        context.terminal.note(sayNone(id, await client.request<LogFacts>('GET', `/trials/${id}/log-facts`)));
        return;
      }
      show(context, flags.json, { series }, () => (flags.csv === true ? formatCsv(series) : metricsTable(series)));
    });

function sayNone(id: number, { metricNames, takesMetrics }: LogFacts): string {
  if (takesMetrics) return `#${id} has no metrics yet. What its log repeats, such as loss=0.31, becomes one.`;
  if (metricNames.length === 0) return `#${id} has reported no metrics. In Python: switchyard.metrics(step, loss=loss)`;
  return `#${id} has reported no metrics, but its log has ${listWords(metricNames)}. To take them: switchyard metrics ${id} --from-log`;
}

function listWords(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(plain);
  const more = names.length - shown.length;
  return more > 0
    ? `${shown.join(', ')} and ${more} more`
    : shown.length < 2
      ? shown.join('')
      : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
