/** `switchyard diff` */
import type { ChangedFile, CodeDiff } from '../../contract/snapshots.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { readTrialId } from '../find-trial.ts';
import { plain } from '../table.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'diff',
    'What changed in the code from one trial to another, or from a trial to its directory as it is now.',
    ['diff 3 5', 'diff 3', 'diff 3 5 --stat'],
    context,
  )
    .argument('<from>', 'trial: 14, #14 or its name')
    .argument('[to]', 'another trial; default: the directory it was submitted from')
    .option('--stat', 'only which files changed, and by how many lines')
    .action(async (from: string, to: string | undefined, flags: { json?: boolean; stat?: boolean }) => {
      const first = await readTrialId(from, context);
      const second = to === undefined ? undefined : await readTrialId(to, context);
      const client = await context.connect();
      const diff = await client.request<CodeDiff>('GET', `/trials/${first}/diff`, undefined, { to: second });
      show(context, flags.json, diff, () => describeDiff(diff, flags.stat === true, context));
    });

function describeDiff(diff: CodeDiff, isStat: boolean, context: CommandContext): string[] {
  const { paint } = context.terminal;
  const sides = `${plain(diff.from)} and ${plain(diff.to)}`;
  if (diff.files.length === 0) return [`No difference between the code of ${sides}.`];
  const lines = [paint(`From ${plain(diff.from)} to ${plain(diff.to)}`, 'bold')];
  for (const file of diff.files) {
    if (!isStat) lines.push('');
    lines.push(`${paint(file.change.padEnd(8), colourOf(file))} ${plain(file.path)}  ${paint(sayExtent(file), 'dim')}`);
    if (!isStat && file.patch !== null)
      lines.push(
        ...file.patch
          .trimEnd()
          .split('\n')
          .map((line) => paintLine(line, context)),
      );
  }
  if (diff.moreFiles > 0) lines.push('', `${diff.moreFiles} more files changed; they are too many to list.`);
  return lines;
}

const colourOf = ({ change }: ChangedFile): 'green' | 'red' | 'yellow' =>
  change === 'added' ? 'green' : change === 'removed' ? 'red' : 'yellow';

function sayExtent(file: ChangedFile): string {
  switch (file.shown) {
    case 'lines':
      return `+${file.added ?? 0} -${file.removed ?? 0}${file.patch === null ? ', too long to show' : ''}`;
    case 'binary':
      return 'binary';
    case 'too_large':
      return 'too large to compare by lines';
    case 'mode':
      return 'executable or not';
    case 'link':
      return 'a link';
  }
}

/** What a file holds may be anything: it reaches the terminal as text and nothing else. */
function paintLine(line: string, { terminal }: CommandContext): string {
  const text = plain(line.replaceAll('\t', '    '));
  if (line.startsWith('+')) return terminal.paint(text, 'green');
  if (line.startsWith('-')) return terminal.paint(text, 'red');
  return line.startsWith('@@') ? terminal.paint(text, 'blue') : text;
}
