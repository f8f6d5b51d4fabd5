/** `switchyard gpus` */
import fs from 'node:fs';
import path from 'node:path';
import type { GpuStatus } from '../../contract/gpus.ts';
import type * as Live from '../../../native/gpu/understand-live.ts';
import type { Understood } from '../../../native/gpu/understand-capture.ts';
import { collect, createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { describeGpus, describeUnderstood } from '../describe-gpus.ts';
import { ExitCode, CliError, usageError } from '../exit-codes.ts';
import { findSlotUuid } from '../find-gpu.ts';
import { readStdin } from '../terminal.ts';
import { UNDERSTOOD_HELP } from '../understood-help.ts';

interface GpuFlags {
  readonly json?: boolean;
  readonly from: readonly string[];
  readonly fields?: string;
}

/** The largest real capture (eight GPUs, -q -x) is well below a megabyte. */
const LARGEST_CAPTURE_BYTES = 32 * 1024 * 1024;

export const build: BuildVerb = (context) => {
  const gpus = createVerb(
    'gpus',
    'The GPUs: memory, use, who is on them, and whether trials may use them.\nWith --from: what is ' +
      'understood of captured outputs of nvidia-smi (-q -x, -L, --query-gpu, --query-compute-apps).',
    ['gpus', 'gpus --json --from query.xml --from list.txt', 'gpus keep 0', 'gpus release 0'],
    context,
  )
    .usage('[options] [keep|release GPU...]')
    .argument('[files...]', 'more captures after --from')
    .option(
      '--from <file>',
      'read a captured output instead of this machine; "-" for standard input (repeatable)',
      collect,
      [],
    )
    .option('--fields <list>', 'the fields asked for, for a capture without its header')
    .addHelpText('after', `\n${UNDERSTOOD_HELP}`)
    .action(async (files: string[], flags: GpuFlags) => {
      if (flags.from.length > 0) return showCaptures([...flags.from, ...files], flags, context);
      const [what] = files;
      if (what !== undefined)
        throw usageError(`gpus does not know "${what}".`, 'gpus keep GPU…, gpus release GPU…, or gpus --from FILE…');
      const client = await context.connectIfRunning();
      if (client === null) return showUnderstood(await readThisMachine(context), flags, context);
      const status = await client.request<GpuStatus>('GET', '/gpus');
      const all = {
        ...status,
        processes: status.gpus.flatMap((gpu) => gpu.processes),
        mig: status.gpus.flatMap((gpu) => gpu.mig),
      };
      return show(context, flags.json, all, () => describeGpus(status, context.terminal));
    });
  for (const [name, keptBack, description] of [
    ['keep', true, 'Keep GPUs for yourself: nothing is started on them. What runs there goes on.'],
    ['release', false, 'Give GPUs back to the queue.'],
  ] as const) {
    gpus.addCommand(
      createVerb(name, description, [`gpus ${name} 0`, `gpus ${name} GPU-5f2c1a`], context)
        .argument('<gpus...>', 'index, UUID or its beginning')
        .action(async (words: string[], flags: { json?: boolean }) => {
          const client = await context.connect();
          let status = await client.request<GpuStatus>('GET', '/gpus');
          for (const uuid of words.map((word) => findSlotUuid(status, word))) {
            status = await client.request<GpuStatus>('PATCH', `/slots/${encodeURIComponent(uuid)}`, { keptBack });
          }
          show(context, flags.json, status, () => describeGpus(status, context.terminal));
        }),
    );
  }
  return gpus;
};

async function showCaptures(names: readonly string[], flags: GpuFlags, context: CommandContext): Promise<void> {
  const { decodeCapture, understandCapture } = await import('../../../native/gpu/understand-capture.ts');
  const fields = flags.fields?.split(',').map((field) => field.trim());
  const files = [];
  for (const name of names) {
    const text =
      name === '-'
        ? await readStdin(context.terminal.stdin, LARGEST_CAPTURE_BYTES)
        : decodeCapture(readCapture(path.resolve(context.terminal.cwd, name)));
    files.push({ name: name === '-' ? 'standard input' : name, text, ...(fields === undefined ? {} : { fields }) });
  }
  showUnderstood(understandCapture(files), flags, context);
}

/** Looking at the GPUs is no reason to start an engine. */
async function readThisMachine(context: CommandContext): Promise<Understood> {
  const { loadEngineModule } = await import('../../client/engine-program.ts');
  const { understandLive } = await loadEngineModule<typeof Live>('understand-live');
  const command = context.terminal.env['SWITCHYARD_NVIDIA_SMI'];
  return understandLive({ env: context.terminal.env, ...(command === undefined ? {} : { command }) });
}

function showUnderstood(understood: Understood, flags: GpuFlags, context: CommandContext): void {
  show(context, flags.json, understood, () => describeUnderstood(understood, context.terminal));
}

function readCapture(file: string): Uint8Array {
  try {
    if (fs.statSync(file).size > LARGEST_CAPTURE_BYTES)
      throw usageError(`${file} is too large for a capture of nvidia-smi.`);
    return fs.readFileSync(file);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new CliError(
      missing ? ExitCode.notFound : ExitCode.usage,
      `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
