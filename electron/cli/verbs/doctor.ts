/** `switchyard doctor` */
import { loadEngineModule } from '../../client/engine-program.ts';
import type { DoctorCheck } from '../../contract/settings.ts';
import type * as Doctor from '../../engine/doctor.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { plain } from '../table.ts';
import type { Colour } from '../terminal.ts';

const MARKS: Readonly<Record<DoctorCheck['status'], readonly [string, Colour]>> = {
  ok: ['ok     ', 'green'],
  info: ['note   ', 'blue'],
  warning: ['warning', 'yellow'],
  error: ['error  ', 'red'],
};

export const build: BuildVerb = (context) =>
  createVerb(
    'doctor',
    'What was found on this machine and what to do: Docker, GPU runtime, nvidia-smi, Python, disk, clock. Exit code 1 when something is wrong.',
    ['doctor', 'doctor --json'],
    context,
  ).action(async (flags: { json?: boolean }) => {
    const checks = await runChecks(context);
    show(context, flags.json, { checks }, () => describeChecks(checks, context));
    const errors = checks.filter((check) => check.status === 'error');
    if (errors.length > 0 && flags.json !== true)
      throw new CliError(
        ExitCode.failed,
        `${errors.length} ${errors.length === 1 ? 'thing is' : 'things are'} wrong: ${errors.map((check) => check.title).join(', ')}.`,
      );
    if (errors.length > 0)
      throw new CliError(ExitCode.failed, 'Something is wrong.', null, {
        code: 'failed',
        detail: errors.map((check) => check.title).join(', '),
      });
  });

/** A running engine knows most (its own runtimes); without one the same checks are made here. */
async function runChecks(context: CommandContext): Promise<readonly DoctorCheck[]> {
  const client = await context.connectIfRunning();
  if (client !== null) return (await client.request<{ checks: DoctorCheck[] }>('GET', '/doctor')).checks;
  const { runDoctor } = await loadEngineModule<typeof Doctor>('doctor');
  return runDoctor({ dataDir: context.paths.dir, dockerHost: context.terminal.env['DOCKER_HOST'] });
}

function describeChecks(checks: readonly DoctorCheck[], context: CommandContext): string[] {
  const width = Math.max(...checks.map((check) => check.title.length), 0);
  return checks.flatMap((check) => {
    const [mark, colour] = MARKS[check.status];
    const indent = ' '.repeat(mark.length + width + 4);
    const remedy =
      check.remedy === null
        ? []
        : check.remedy.split('\n').map((line) => `${indent}${context.terminal.paint(plain(line), 'cyan')}`);
    return [`${context.terminal.paint(mark, colour)}  ${check.title.padEnd(width)}  ${plain(check.found)}`, ...remedy];
  });
}
