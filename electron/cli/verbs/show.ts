/** `switchyard show` */
import { sayBytes, sayDuration, sayMemory, sayTime } from '../../text/say.ts';
import type { AttemptView, MetricSeries, Trial, TrialDetail } from '../../contract/trials.ts';
import type { SnapshotInfo } from '../../contract/snapshots.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { describeTrial, stateColour, stateWord } from '../describe-trial.ts';
import type { PlanFacts } from '../describe-trial.ts';
import { readTrialId } from '../find-trial.ts';
import { metricsTable, readMetrics } from '../metrics.ts';
import { indexPlan, readPresent } from '../present.ts';
import { formatTable, plain } from '../table.ts';

const SHOWN_CHECKPOINTS = 10;
const SHOWN_HISTORY = 15;
/** The points are not shown, only what is known of the whole series. */
const SUMMARY_POINTS = 10;

export const build: BuildVerb = (context) =>
  createVerb(
    'show',
    'Everything about one trial: state, attempts, checkpoints, configuration, history.',
    ['show 14', 'show 14 --json'],
    context,
  )
    .argument('[id]', 'trial: 14, #14 or its name')
    .action(async (word: string | undefined, flags: { json?: boolean }) => {
      const id = await readTrialId(word, context);
      const client = await context.connect();
      const detail = await client.request<TrialDetail>('GET', `/trials/${id}`);
      const facts = detail.trial.state === 'done' ? {} : indexPlan(await readPresent(client))(id);
      const series =
        flags.json === true || detail.metricNames.length === 0 ? [] : await readMetrics(client, id, SUMMARY_POINTS);
      const { reason = null, forecast = null } = facts;
      show(context, flags.json, { ...detail, waiting: reason, forecast }, () =>
        describeDetail(detail, facts, series, context),
      );
    });

function describeDetail(
  detail: TrialDetail,
  facts: PlanFacts,
  series: readonly MetricSeries[],
  context: CommandContext,
): string[] {
  const { trial } = detail;
  const nowMs = Date.now();
  const { paint } = context.terminal;
  const colour = stateColour(trial);
  const lines = [
    `${paint(`#${trial.id} ${plain(trial.name)}`, 'bold')}  ${colour === null ? stateWord(trial) : paint(stateWord(trial), colour)}`,
    plain(describeTrial(trial, nowMs, facts)),
  ];
  if (trial.outcome !== null && trial.outcome.remedy !== null) lines.push(plain(trial.outcome.remedy));
  for (const blocker of facts.reason?.blockers ?? []) lines.push(`  ${plain(blocker.text)}`);
  lines.push(
    '',
    ...fields(trial, detail, nowMs).map(([name, value]) => `${paint(name.padEnd(11), 'dim')} ${plain(value)}`),
  );
  if (detail.attempts.length > 0)
    lines.push('', paint('Attempts', 'bold'), ...attemptTable(detail.attempts, nowMs, context.terminal.width));
  if (detail.checkpoints.length > 0) {
    lines.push(
      '',
      paint('Checkpoints', 'bold'),
      ...formatTable(
        [{ title: 'STEP', align: 'right' }, { title: 'SAVED' }, { title: 'SIZE', align: 'right' }, { title: 'PATH' }],
        detail.checkpoints
          .slice(-SHOWN_CHECKPOINTS)
          .map((one) => [
            one.step === null ? '-' : String(one.step),
            sayTime(one.savedAtMs, nowMs),
            one.sizeBytes === null ? '-' : sayBytes(one.sizeBytes),
            one.path,
          ]),
        null,
      ),
    );
  }
  if (series.length > 0) lines.push('', paint('Metrics', 'bold'), ...metricsTable(series));
  lines.push(
    '',
    paint('Configuration', 'bold'),
    ...detail.configYaml
      .trimEnd()
      .split('\n')
      .map((line) => plain(line.replaceAll('\t', '    '))),
  );
  if (detail.history.length > 0) {
    lines.push(
      '',
      paint('History', 'bold'),
      ...detail.history
        .slice(-SHOWN_HISTORY)
        .map((entry) => `${paint(sayTime(entry.atMs, nowMs), 'dim')}  ${plain(entry.text)}`),
    );
  }
  return lines;
}

function fields(trial: Trial, detail: TrialDetail, nowMs: number): [string, string][] {
  const needs = [`${trial.slots} GPU${trial.slots === 1 ? '' : 's'}`];
  if (trial.minFreeMiB !== null) needs.push(`${sayMemory(trial.minFreeMiB)} free on each`);
  if (trial.gpuName !== null) needs.push(`named ${trial.gpuName}`);
  if (trial.shareMiB !== null) needs.push(`shares, takes ${sayMemory(trial.shareMiB)}`);
  const rows: [string, string | null][] = [
    ['pool', `${trial.poolId}, priority ${trial.priority}`],
    ['needs', needs.join(', ')],
    [
      'runtime',
      trial.image === null || trial.runtime === 'process' ? trial.runtime : `${trial.runtime}, ${trial.image}`,
    ],
    ['command', trial.command],
    ['directory', detail.source],
    ['code', sayCode(detail.snapshotInfo)],
    ['works in', detail.workDir],
    ['labels', trial.labels.length === 0 ? null : trial.labels.join(', ')],
    ['submitted', sayTime(trial.submittedAtMs, nowMs)],
    ['restarts', trial.restarts === 0 ? null : `${trial.restarts} of ${trial.maxRestarts}`],
    [
      'grace',
      `${sayDuration(trial.graceS * 1000)}${trial.timeLimitS === null ? '' : `, time limit ${sayDuration(trial.timeLimitS * 1000)}`}`,
    ],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

/** @returns "12 files, 40 KiB, of 1a2b3c4d5e6f on main, with changes" */
function sayCode(info: SnapshotInfo | null): string | null {
  if (info === null) return null;
  const { base } = info;
  const size = `${info.files} ${info.files === 1 ? 'file' : 'files'}, ${sayBytes(info.bytes)}`;
  if (base === null) return size;
  const branch = base.branch === null ? '' : ` on ${base.branch}`;
  const state = base.dirty === null ? '' : base.dirty ? ', with changes' : ', unchanged';
  return `${size}, of commit ${base.commit.slice(0, 12)}${branch}${state}`;
}

function attemptTable(attempts: readonly AttemptView[], nowMs: number, width: number | null): string[] {
  return formatTable(
    [
      { title: 'N', align: 'right' },
      { title: 'STARTED' },
      { title: 'RAN', align: 'right' },
      { title: 'END' },
      { title: 'LOG', align: 'right' },
      { title: '', flexible: true },
    ],
    attempts.map((one) => [
      String(one.number),
      one.startedAtMs === null ? '-' : sayTime(one.startedAtMs, nowMs),
      one.startedAtMs === null ? '-' : sayDuration((one.endedAtMs ?? nowMs) - one.startedAtMs),
      one.end === null ? '-' : one.exitCode === null ? one.end : `${one.end} ${one.exitCode}`,
      sayBytes(one.logBytes),
      one.message ?? '',
    ]),
    width,
  );
}
