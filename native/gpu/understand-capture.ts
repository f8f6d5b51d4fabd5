/**
 * Says what was understood of captured outputs of nvidia-smi (`switchyard gpus --json --from FILE...`).
 * The format of each file is found from its content. Pure: the caller reads the files.
 */
import type { GpuHealth } from '../../electron/contract/gpus.ts';
import { isFatal, isHarmless, splitProblems, unknownText } from './error-texts.ts';
import type { GpuFacts, KnownProblem, MigFacts, ProcessFacts, SmiOutput, SmiProblem } from './facts.ts';
import { assessHealth } from './health.ts';
import { isMigOn, joinReadings } from './join-readings.ts';
import { guessAppColumns, isAppsHeader, parseAppsCsv } from './parse-apps-csv.ts';
import { isGpuHeader, parseGpuCsv } from './parse-gpu-csv.ts';
import { isListText, parseList } from './parse-list.ts';
import { isSmiXml, parseSmiXml } from './parse-xml.ts';

export interface CaptureFile {
  readonly name: string;
  readonly text: string;
  /** The fields that were asked for, in order; needed only for a --query-gpu output without its header. */
  readonly fields?: readonly string[];
}

export interface UnderstoodProcess {
  readonly pid: number;
  readonly name: string;
  readonly type: string | null;
  readonly usedMiB: number | null;
  readonly gpuUuid: string | null;
  readonly gpuBusId: string | null;
  readonly gpuInstance: number | null;
  readonly computeInstance: number | null;
}

export type UnderstoodMig = MigFacts & { readonly gpuUuid: string | null; readonly gpuIndex: number | null };

export interface UnderstoodGpu {
  readonly order: number;
  readonly index: number | null;
  readonly uuid: string | null;
  readonly name: string | null;
  readonly busId: string | null;
  readonly minor: number | null;
  readonly memoryTotalMiB: number | null;
  readonly memoryUsedMiB: number | null;
  readonly memoryFreeMiB: number | null;
  readonly memoryReservedMiB: number | null;
  readonly utilizationPct: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
  readonly powerLimitW: number | null;
  readonly performanceState: string | null;
  readonly driverVersion: string | null;
  readonly computeMode: string | null;
  readonly driverModel: string | null;
  readonly migMode: string | null;
  readonly migEnabled: boolean;
  readonly mig: readonly MigFacts[];
  readonly virtualization: string | null;
  readonly recoveryAction: string | null;
  readonly persistenceMode: string | null;
  readonly throttleActive: string | null;
  readonly throttleReasons: readonly string[] | null;
  readonly processes: readonly UnderstoodProcess[];
  readonly health: GpuHealth;
  readonly tokens: Readonly<Record<string, string>>;
}

export interface Understood {
  readonly gpus: readonly UnderstoodGpu[];
  readonly processes: readonly UnderstoodProcess[];
  readonly mig: readonly UnderstoodMig[];
  readonly problem: SmiProblem | null;
  readonly warnings: readonly string[];
}

/** PowerShell writes UTF-16 when output is redirected. @returns the text of a captured file */
export function decodeCapture(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

const NOTHING: SmiOutput = { gpus: [], processes: [], driverVersion: null, problems: [], warnings: [] };

/** Tables made for people: nvidia-smi, pmon, dmon, topo, and the indented text of -q. */
function isHumanTable(text: string): boolean {
  return (
    /^\s*\+-{5,}/m.test(text) ||
    /^# gpu\s/m.test(text) ||
    /^=+NVSMI LOG=+/m.test(text) ||
    /^\s*Attached GPUs\s+:/m.test(text)
  );
}

function understandFile({ name, text: raw, fields }: CaptureFile): SmiOutput {
  const text = raw.replace(/^\uFEFF/, '');
  if (isSmiXml(text)) return parseSmiXml(text);
  if (isListText(text)) return parseList(text);
  const { problems, rest } = splitProblems(text);
  if (fields !== undefined) return fields.includes('pid') ? parseAppsCsv(text, fields) : parseGpuCsv(text, fields);
  if (isHumanTable(text)) {
    return {
      ...NOTHING,
      problems,
      warnings: [
        `${name}: a table made for people is not read. Save "nvidia-smi -q -x", "nvidia-smi -L" or "--query-gpu=... --format=csv" instead.`,
      ],
    };
  }
  if (rest.some(isAppsHeader)) return parseAppsCsv(text, null);
  if (rest.some(isGpuHeader)) return parseGpuCsv(text, null);
  const guessed = guessAppColumns(rest);
  if (guessed !== null) {
    const output = parseAppsCsv(text, guessed);
    return { ...output, warnings: [...output.warnings, `${name}: no header; read as ${guessed.join(', ')}`] };
  }
  if (rest.length === 0) {
    return problems.length > 0 ? parseGpuCsv(text, null) : { ...NOTHING, warnings: [`${name}: empty`] };
  }
  if (rest.every((line) => line.includes(', '))) return parseGpuCsv(text, null);
  return { ...NOTHING, problems: [...problems, ...(problems.length > 0 ? [] : [unknownText(rest.join('\n'))])] };
}

function toProcess(process: ProcessFacts): UnderstoodProcess {
  const { pid, name, type, usedMiB, gpuUuid, gpuBusId, gpuInstance, computeInstance } = process;
  return { pid, name, type, usedMiB, gpuUuid, gpuBusId, gpuInstance, computeInstance };
}

function toGpu(gpu: GpuFacts): UnderstoodGpu {
  const { faults: _faults, notes: _notes, pstate, processes, ...rest } = gpu;
  return {
    ...rest,
    performanceState: pstate,
    migEnabled: isMigOn(gpu),
    processes: processes.map(toProcess),
    health: assessHealth(gpu),
  };
}

function label(gpu: GpuFacts): string {
  return `GPU ${gpu.index ?? gpu.order}${gpu.name === null ? '' : ` (${gpu.name})`}`;
}

/** Facts of a GPU that is fine but that a person should know. */
function remarks(gpu: GpuFacts): readonly string[] {
  const found = gpu.notes.map((note) => `${label(gpu)}: ${note}`);
  if (gpu.memoryTotalMiB === null && gpu.tokens['memoryTotalMiB'] !== undefined && gpu.faults.length === 0) {
    found.push(
      `${label(gpu)}: the memory size is not told (unified memory?); such a GPU can only be counted, not measured`,
    );
  }
  if (isMigOn(gpu) && gpu.mig.length === 0)
    found.push(`${label(gpu)}: MIG is on; its instances are only in "nvidia-smi -L" and "nvidia-smi -q -x"`);
  return found;
}

/** The problem to show: one that stands for everything first, then one of a GPU; harmless texts last. */
function chooseProblem(problems: readonly KnownProblem[]): SmiProblem | null {
  const chosen =
    problems.find(({ code }) => isFatal(code)) ?? problems.find(({ code }) => !isHarmless(code)) ?? problems[0];
  return chosen === undefined ? null : { text: chosen.text, meaning: chosen.meaning, remedy: chosen.remedy };
}

/** @param files captures of one machine, any formats in any order */
export function understandCapture(files: readonly CaptureFile[]): Understood {
  const outputs = files.map((file) => understandFile(file));
  // What tells most about a GPU goes first; the list of GPUs adds identity and MIG names.
  const rank = (output: SmiOutput): number =>
    output.gpus.some((gpu) => gpu.index !== null && gpu.busId !== null)
      ? 0
      : output.gpus.some((gpu) => gpu.busId !== null)
        ? 1
        : 2;
  const joined = joinReadings([...outputs].sort((a, b) => rank(a) - rank(b)));
  const gpus = joined.gpus.map(toGpu);
  const problems = outputs.flatMap((output) => output.problems);
  return {
    gpus,
    processes: [...gpus.flatMap((gpu) => gpu.processes), ...joined.looseProcesses.map(toProcess)],
    mig: joined.gpus.flatMap((gpu) =>
      gpu.mig.map((instance) => ({ ...instance, gpuUuid: gpu.uuid, gpuIndex: gpu.index })),
    ),
    problem: chooseProblem(problems),
    warnings: [...outputs.flatMap((output) => output.warnings), ...joined.gpus.flatMap(remarks)],
  };
}
