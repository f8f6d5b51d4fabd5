/** Which GPU a person means. Pure. */
import type { GpuStatus } from '../contract/gpus.ts';
import { CliError, ExitCode } from './exit-codes.ts';

/**
 * @param word an index ("0", "GPU 0"), a UUID, or the beginning of one
 * @returns the UUID of a GPU
 */
export function findGpuUuid(status: GpuStatus, word: string): string {
  return pick(
    word,
    status.gpus.map((gpu) => ({ uuid: gpu.uuid, label: `GPU ${gpu.index ?? '?'}`, index: gpu.index })),
  );
}

/** @returns the UUID of a slot: a GPU or one of its MIG instances */
export function findSlotUuid(status: GpuStatus, word: string): string {
  return pick(
    word,
    status.slots.map((slot) => ({
      uuid: slot.uuid,
      label: sayFar(status, slot.gpuUuid, slot.label),
      index: slot.uuid === slot.gpuUuid ? (status.gpus.find((gpu) => gpu.uuid === slot.gpuUuid)?.index ?? null) : null,
    })),
  );
}

/** A GPU elsewhere is named with its pool: "gpu-box GPU 0". */
export function sayFar(status: GpuStatus, gpuUuid: string, label: string): string {
  const machine = status.elsewhere?.find(({ gpus }) => gpus.some(({ uuid }) => uuid === gpuUuid));
  return machine === undefined ? label : `${machine.poolId} ${label}`;
}

function pick(
  word: string,
  known: readonly { readonly uuid: string; readonly label: string; readonly index: number | null }[],
): string {
  const lower = word.toLowerCase();
  const exact = known.filter(
    (one) => one.uuid.toLowerCase() === lower || one.label.toLowerCase() === lower || String(one.index) === word,
  );
  const found =
    exact.length > 0 ? exact : known.filter((one) => lower.length >= 4 && one.uuid.toLowerCase().startsWith(lower));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first.uuid;
  const names = known.map((one) => `${one.label} (${one.uuid})`).join(', ');
  throw new CliError(
    ExitCode.notFound,
    `${found.length > 1 ? 'More than one GPU fits' : 'There is no GPU'} "${word}".`,
    known.length === 0
      ? 'No GPU was found on this machine: see "switchyard doctor".'
      : `There ${known.length === 1 ? 'is' : 'are'} ${names}.`,
  );
}
