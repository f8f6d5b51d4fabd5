/** Whether somebody else uses a GPU; input of the rule "only when idle for N minutes". Pure. */
import type { Gpu } from '../contract/gpus.ts';

/** Compositors and idle contexts take about this much; they are no use of the GPU. */
const SMALL_MIB = 64;
/** Memory that no process explains: a desktop needs up to this, and drivers keep some. */
const DESKTOP_MIB = 1024;
const BUSY_PCT = 10;

/** Memory and use as the driver tells them are of the whole GPU; processes of another container may be invisible. */
export function isUsedByForeigners(gpu: Gpu): boolean {
  const ours = gpu.processes.some(({ trialId }) => trialId !== null);
  const foreign = gpu.processes.filter(({ trialId, type }) => trialId === null && type !== 'G');
  if (foreign.some(({ usedMiB }) => usedMiB !== null && usedMiB > SMALL_MIB)) return true;
  // With one of our trials on it, use and unexplained memory are taken for the trial's.
  if (ours) return false;
  const explained = gpu.processes.reduce((sum, { usedMiB }) => sum + (usedMiB ?? 0), 0);
  if (gpu.memoryUsedMiB !== null && gpu.memoryUsedMiB - explained > DESKTOP_MIB) return true;
  return gpu.utilizationPct !== null && gpu.utilizationPct >= BUSY_PCT;
}
