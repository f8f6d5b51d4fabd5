/** GPUs in words: live readings with their trials, and what was understood of captures. Pure. */
import { sayMemory } from '../text/say.ts';
import type { GpuStatus } from '../contract/gpus.ts';
import type { Understood } from '../../native/gpu/understand-capture.ts';
import { sayFar } from './find-gpu.ts';
import { formatTable, plain } from './table.ts';
import type { Terminal } from './terminal.ts';

const percent = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} %`);
const degrees = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} °C`);
const watts = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} W`);

const COLUMNS = [
  { title: 'SLOT' },
  { title: 'NAME' },
  { title: 'USED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'TOTAL', align: 'right' },
  { title: 'USE', align: 'right' },
  { title: 'TEMP', align: 'right' },
  { title: 'POWER', align: 'right' },
  { title: '', flexible: true },
] as const;

export function describeGpus(status: GpuStatus, terminal: Pick<Terminal, 'paint' | 'width'>): string[] {
  const lines: string[] = [];
  if (status.problem !== null) lines.push(terminal.paint(plain(status.problem), 'red'));
  if (status.stale) lines.push(terminal.paint('This reading is old: nvidia-smi has not answered since.', 'yellow'));
  for (const { poolId, problem } of status.elsewhere ?? [])
    if (problem !== null) lines.push(terminal.paint(`${poolId}: ${plain(problem)}`, 'yellow'));
  if (status.slots.length === 0)
    return [
      ...lines,
      ...(status.problem === null
        ? ['No GPU was found. Trials with 0 slots run all the same; see "switchyard doctor".']
        : []),
    ];
  const table = formatTable(
    COLUMNS,
    status.slots.map((slot) => {
      const gpu = [status, ...(status.elsewhere ?? [])]
        .flatMap(({ gpus }) => gpus)
        .find((one) => one.uuid === slot.gpuUuid);
      const isWhole = slot.uuid === slot.gpuUuid;
      const used = isWhole
        ? (gpu?.memoryUsedMiB ?? null)
        : (gpu?.mig.find((one) => one.uuid === slot.uuid)?.memoryUsedMiB ?? null);
      return [
        sayFar(status, slot.gpuUuid, slot.label),
        slot.name,
        sizeText(used),
        sizeText(slot.freeMiB),
        sizeText(slot.totalMiB),
        percent(isWhole ? (gpu?.utilizationPct ?? null) : null),
        degrees(gpu?.temperatureC ?? null),
        watts(gpu?.powerW ?? null),
        describeUse(slot),
      ];
    }),
    terminal.width,
  );
  return [...lines, terminal.paint(table[0] ?? '', 'dim'), ...table.slice(1)];
}

function describeUse(slot: GpuStatus['slots'][number]): string {
  const parts: string[] = [];
  if (slot.trialIds.length > 0) parts.push(`runs ${slot.trialIds.map((id) => `#${id}`).join(', ')}`);
  if (slot.keptBack) parts.push('kept back');
  else if (!slot.placeable && slot.blockedReason !== null) parts.push(slot.blockedReason);
  else if (slot.foreignBy !== null) parts.push(`also ${slot.foreignBy}`);
  return parts.length === 0 ? 'free' : parts.join('; ');
}

export function describeUnderstood(understood: Understood, terminal: Pick<Terminal, 'paint' | 'width'>): string[] {
  const lines: string[] = [];
  if (understood.problem !== null)
    lines.push(
      terminal.paint(plain(`${understood.problem.text.replace(/\.?$/, '.')} ${understood.problem.meaning}`), 'red'),
      ...(understood.problem.remedy === null ? [] : [plain(understood.problem.remedy)]),
    );
  if (understood.gpus.length > 0) {
    lines.push(
      ...formatTable(
        COLUMNS,
        understood.gpus.map((gpu) => [
          `GPU ${gpu.index ?? gpu.order}`,
          gpu.name ?? '-',
          sizeText(gpu.memoryUsedMiB),
          sizeText(gpu.memoryFreeMiB),
          sizeText(gpu.memoryTotalMiB),
          percent(gpu.utilizationPct),
          degrees(gpu.temperatureC),
          watts(gpu.powerW),
          gpu.health.ok
            ? gpu.migEnabled
              ? `MIG, ${gpu.mig.length} instances`
              : 'ok'
            : (gpu.health.reason ?? 'not usable'),
        ]),
        terminal.width,
      ),
    );
  }
  for (const process of understood.processes)
    lines.push(
      plain(`  pid ${process.pid}  ${process.usedMiB === null ? '-' : `${process.usedMiB} MiB`}  ${process.name}`),
    );
  for (const warning of understood.warnings) lines.push(terminal.paint(plain(warning), 'yellow'));
  return lines.length === 0 ? ['Nothing was understood of this.'] : lines;
}

const sizeText = (mib: number | null): string => (mib === null ? '-' : sayMemory(mib));
