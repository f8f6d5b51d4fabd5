/** `switchyard disk` */
import type { DiskUse, FreedDisk, OwnWork } from '../../contract/disk.ts';
import { DISK_KIND_TEXT } from '../../text/disk-text.ts';
import { sayBytes } from '../../text/say.ts';
import { createVerb, oneOf, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { formatTable, plain } from '../table.ts';

const SHOWN_TRIALS = 10;

export const build: BuildVerb = (context) =>
  createVerb(
    'disk',
    'What takes the room on the disk with the data directory. --free work gives back the working copies of ended trials that hold ' +
      'nothing but their snapshot; a retry makes them anew. Copies with new or changed files are kept and named.',
    ['disk', 'disk --free work'],
    context,
  )
    .option('--free <what>', 'give back what can be made anew: work')
    .action(async (flags: { json?: boolean; free?: string }) => {
      if (flags.free !== undefined) oneOf(flags.free, ['work'], '--free');
      const client = await context.connect();
      if (flags.free !== undefined) {
        const freed = await client.request<FreedDisk>('POST', '/disk/free', { what: 'work' });
        show(context, flags.json, freed, () => describeFreed(freed));
        return;
      }
      const use = await client.request<DiskUse>('GET', '/disk');
      show(context, flags.json, use, () => describeUse(use, context));
    });

function describeUse(use: DiskUse, context: CommandContext): string[] {
  const free =
    use.freeBytes === null || use.totalBytes === null
      ? ''
      : `; ${sayBytes(use.freeBytes)} of ${sayBytes(use.totalBytes)} are free`;
  const lines = [
    `Data of Switchyard: ${sayBytes(use.usedBytes)}${free}.`,
    '',
    ...formatTable(
      [{ title: 'KIND' }, { title: 'SIZE', align: 'right' }],
      use.kinds.map(({ kind, bytes }) => [DISK_KIND_TEXT[kind], sayBytes(bytes)]),
      context.terminal.width,
    ),
  ];
  if (use.largest.length > 0)
    lines.push(
      '',
      ...formatTable(
        [
          { title: 'ID', align: 'right' },
          { title: 'NAME', flexible: true },
          { title: 'STATE' },
          { title: 'SIZE', align: 'right' },
          { title: 'WORK', align: 'right' },
          { title: 'CHECKPOINTS', align: 'right' },
          { title: 'OUTPUTS', align: 'right' },
          { title: 'LOGS', align: 'right' },
        ],
        use.largest
          .slice(0, SHOWN_TRIALS)
          .map((trial) => [
            String(trial.trialId),
            trial.name,
            trial.state,
            sayBytes(trial.bytes),
            sayBytes(trial.workBytes),
            sayBytes(trial.checkpointBytes),
            sayBytes(trial.outputBytes),
            sayBytes(trial.logBytes),
          ]),
        context.terminal.width,
      ),
    );
  if (use.endedWork.bytes > 0)
    lines.push(
      '',
      `Working copies of ${sayTrials(use.endedWork.trials, 'ended ')}: ${sayBytes(use.endedWork.bytes)}. ` +
        'Those without files of their own go with: switchyard disk --free work',
    );
  lines.push(...describeOwn(use.ownWork, use.ownWork.length));
  return lines;
}

function describeFreed(freed: FreedDisk): string[] {
  const lines = [
    freed.freedTrials === 0
      ? 'Nothing to give back: no ended trial has a working copy that holds nothing but its snapshot.'
      : `Gave back ${sayBytes(freed.freedBytes)}: the working copies of ${sayTrials(freed.freedTrials)}. A retry makes them anew.`,
    ...describeOwn(freed.kept, freed.keptTrials),
  ];
  for (const { trialId, problem } of freed.unreadable)
    lines.push(`#${trialId} could not be looked through and is kept: ${plain(problem)}`);
  return lines;
}

const sayTrials = (count: number, which = ''): string => `${count} ${which}${count === 1 ? 'trial' : 'trials'}`;

function describeOwn(kept: readonly OwnWork[], total: number): string[] {
  if (total === 0) return [];
  return [
    '',
    `Kept, because they hold files of their own (take what you need, then: switchyard rm ID):`,
    ...kept.slice(0, SHOWN_TRIALS).map(({ trialId, name, files, bytes, examples }) => {
      const more = files > examples.length ? ', ...' : '';
      return `  #${trialId} ${plain(name)}: ${files} ${files === 1 ? 'file' : 'files'}, ${sayBytes(bytes)} (${examples.map(plain).join(', ')}${more})`;
    }),
    ...(total > SHOWN_TRIALS ? [`  and ${total - SHOWN_TRIALS} more`] : []),
  ];
}
