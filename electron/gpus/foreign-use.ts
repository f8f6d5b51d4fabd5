/**
 * Is a GPU in use by somebody else? One rule, for what may be placed on it and for "only when idle". Pure.
 *
 * A desktop is no use of the GPU: graphics processes, and on a card that shows a display the memory that no process
 * explains (compositors are often not listed), count apart, with an allowance of their own. Everything else counts as
 * somebody's work, and makes the GPU busy above the pool's threshold.
 */
import type { Gpu, GpuProcess } from '../contract/gpus.ts';

/** A desktop with a browser and a few windows on large screens takes less. */
export const DESKTOP_MIB = 2048;
/** Use of the cores from which somebody is at work, whatever memory says. */
const BUSY_PCT = 10;
/** A threshold that is raised is raised to a multiple of this, with some room above what is used now. */
const STEP_MIB = 512;
const ROOM_MIB = 128;

export interface ForeignUse {
  readonly desktopMiB: number;
  readonly workMiB: number;
  /** Whose use makes the GPU busy; null = it is not. */
  readonly busyBy: 'work' | 'desktop' | null;
}

/**
 * @param foreignMiB all memory that is not ours
 * @param processes those that are not ours
 * @param hasDisplay whether the card shows a display
 * @param thresholdMiB work up to this does not make the GPU busy
 */
export function judgeForeignUse(
  foreignMiB: number,
  processes: readonly GpuProcess[],
  hasDisplay: boolean,
  thresholdMiB: number,
): ForeignUse {
  const graphicsMiB = sumMiB(processes.filter((process) => isGraphics(process, hasDisplay)));
  const listedMiB = sumMiB(processes);
  const unexplainedMiB = Math.max(0, foreignMiB - listedMiB);
  const desktopMiB = Math.min(foreignMiB, graphicsMiB + (hasDisplay ? unexplainedMiB : 0));
  const workMiB = foreignMiB - desktopMiB;
  const busyBy = workMiB > thresholdMiB ? 'work' : desktopMiB > Math.max(DESKTOP_MIB, thresholdMiB) ? 'desktop' : null;
  return { desktopMiB, workMiB, busyBy };
}

/** C+G is a program that computes and draws; on a card with a display that is what desktops look like, too. */
export function isGraphics({ type }: GpuProcess, hasDisplay: boolean): boolean {
  return type === 'G' || (hasDisplay && type === 'C+G');
}

/** @returns the threshold that would let trials on a GPU with this use. */
export function thresholdFor({ desktopMiB, workMiB, busyBy }: ForeignUse): number {
  const usedMiB = busyBy === 'desktop' ? desktopMiB : workMiB;
  return Math.ceil((usedMiB + ROOM_MIB) / STEP_MIB) * STEP_MIB;
}

/**
 * Whether somebody else uses the GPU; input of the rule "only when idle for N minutes". Memory and use as the driver tells
 * them are of the whole GPU; processes of another container may be invisible.
 */
export function isUsedByForeigners(gpu: Gpu, thresholdMiB: number): boolean {
  const hasDisplay = gpu.displayActive === true;
  const foreign = gpu.processes.filter(({ trialId }) => trialId === null);
  const ours = gpu.processes.filter(({ trialId }) => trialId !== null);
  if (gpu.memoryUsedMiB === null && foreign.some((process) => process.usedMiB === null && isCompute(process)))
    return true;
  // With one of our trials on it, use and unexplained memory are taken for the trial's.
  const foreignMiB =
    ours.length > 0 ? sumMiB(foreign) : Math.max(sumMiB(foreign), gpu.memoryUsedMiB === null ? 0 : gpu.memoryUsedMiB);
  if (judgeForeignUse(foreignMiB, foreign, hasDisplay, thresholdMiB).busyBy !== null) return true;
  return ours.length === 0 && gpu.utilizationPct !== null && gpu.utilizationPct >= BUSY_PCT;
}

/** A plain compute process is somebody's work also where its memory is not told. */
export function isCompute({ type }: GpuProcess): boolean {
  return type === 'C' || type === null;
}

export function sumMiB(processes: readonly GpuProcess[]): number {
  return processes.reduce((total, process) => total + (process.usedMiB ?? 0), 0);
}
