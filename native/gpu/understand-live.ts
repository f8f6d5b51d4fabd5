/** Says what is understood of this machine's nvidia-smi, in the same form as for captured files. */
import { findNvidiaSmi, runNvidiaSmi } from './run-nvidia-smi.ts';
import { understandCapture } from './understand-capture.ts';
import type { CaptureFile, Understood } from './understand-capture.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const APP_FIELDS = ['gpu_uuid', 'pid', 'process_name', 'used_gpu_memory'] as const;

/** The XML tells most, the list the indexes and MIG names, the last one processes of drivers whose XML lacks them. */
const CALLS: readonly { readonly args: readonly string[]; readonly fields?: readonly string[] }[] = [
  { args: ['-q', '-x'] },
  { args: ['-L'] },
  { args: [`--query-compute-apps=${APP_FIELDS.join(',')}`, '--format=csv,noheader'], fields: APP_FIELDS },
];

/**
 * @param options.timeoutMs for all calls together
 * @returns what was understood; when nvidia-smi is missing or hangs, `problem` says so. Never rejects.
 */
export async function understandLive(
  options: { readonly command?: string; readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Understood> {
  const env = options.env ?? process.env;
  const deadline = performance.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const file = findNvidiaSmi(options.command, env, process.platform);
  const failed = (text: string, meaning: string, remedy: string): Understood => ({
    gpus: [],
    processes: [],
    mig: [],
    problem: { text, meaning, remedy },
    warnings: [],
  });
  if (file === null) {
    return failed(
      'nvidia-smi was not found',
      'This machine has no NVIDIA driver, or nvidia-smi is not on PATH.',
      'Where there is a GPU, install the NVIDIA driver; "switchyard doctor" says how.',
    );
  }
  const files: CaptureFile[] = [];
  for (const { args, fields } of CALLS) {
    const result = await runNvidiaSmi(file, args, Math.max(1, deadline - performance.now()), env);
    if (result.kind === 'hung')
      return failed(
        'nvidia-smi did not answer in time',
        'The driver or a GPU hangs.',
        'Look at "sudo dmesg | grep -i xid" and reboot if it does not recover.',
      );
    if (result.kind !== 'output')
      return failed(
        result.text === '' ? 'nvidia-smi could not be started' : result.text,
        'nvidia-smi is there but does not run.',
        `Check that ${file} is a program this user may run.`,
      );
    // No processes, or nothing but an error that another call has told already, is no empty file to complain about.
    if (result.text.trim() !== '')
      files.push({
        name: `nvidia-smi ${args.join(' ')}`,
        text: result.text,
        ...(fields === undefined ? {} : { fields }),
      });
  }
  return understandCapture(files);
}
