/**
 * Reads the text of `nvidia-smi -L`: one line per GPU, one indented line per MIG instance.
 * It is the only output of nvidia-smi with MIG UUIDs and profiles.
 */
import { splitProblems } from './error-texts.ts';
import { emptyFacts } from './facts.ts';
import type { GpuFacts, MigFacts, SmiOutput } from './facts.ts';
import { isAbsent, isFaultWord, readCount } from './values.ts';

/** The name may hold parentheses; the UUID is the last group. Jetson boards have UUIDs without a prefix. */
const GPU_LINE = /^GPU\s+(\d+):\s*(.*?)\s*(?:\((?:UUID|S\/N):\s*([^()]*)\))?\s*$/;
const MIG_LINE = /^\s+MIG\s+(\S+)\s+Device\s+(\d+):\s*\(UUID:\s*([^()]*)\)\s*$/;
/** Drivers before 470 named an instance by its parent: MIG-GPU-<uuid>/<gpu instance>/<compute instance>. */
const OLD_MIG_UUID = /^MIG-GPU-[0-9a-fA-F-]+\/(\d+)\/(\d+)$/;

/** @returns true when the text looks like the output of -L */
export function isListText(text: string): boolean {
  return /^GPU \d+: .*\(UUID: /m.test(text);
}

/** @param text stdout of `nvidia-smi -L` */
export function parseList(text: string): SmiOutput {
  const { problems, rest } = splitProblems(text);
  const gpus: { facts: GpuFacts; mig: MigFacts[] }[] = [];
  const warnings: string[] = [];
  for (const line of rest) {
    const gpu = GPU_LINE.exec(line);
    const mig = MIG_LINE.exec(line);
    const current = gpus.at(-1);
    if (gpu !== null) {
      const uuid = (gpu[3] ?? '').trim();
      gpus.push({
        facts: {
          ...emptyFacts(gpus.length),
          index: readCount(gpu[1]),
          name: gpu[2] === undefined || isAbsent(gpu[2]) || isFaultWord(gpu[2]) ? null : gpu[2],
          uuid: isAbsent(uuid) || isFaultWord(uuid) ? null : uuid,
          faults:
            isFaultWord(uuid) || isFaultWord(gpu[2] ?? '')
              ? [{ field: 'uuid', token: isFaultWord(uuid) ? uuid : (gpu[2] ?? '') }]
              : [],
        },
        mig: [],
      });
    } else if (mig !== null && current !== undefined) {
      const old = OLD_MIG_UUID.exec(mig[3] ?? '');
      current.mig.push({
        index: Number(mig[2]),
        uuid: mig[3]?.trim() ?? null,
        profile: mig[1] ?? null,
        gpuInstance: readCount(old?.[1]),
        computeInstance: readCount(old?.[2]),
        memoryTotalMiB: null,
        memoryUsedMiB: null,
        memoryFreeMiB: null,
      });
    } else {
      warnings.push(`not understood in the list of GPUs: ${line.trim().slice(0, 200)}`);
    }
  }
  return {
    gpus: gpus.map(({ facts, mig }) => ({ ...facts, mig })),
    processes: [],
    driverVersion: null,
    problems,
    warnings,
  };
}
