/**
 * The GpuProbe on nvidia-smi. One reading = the main query and the list of compute processes; now and then the optional
 * fields, and where MIG is on the list of instances and the XML.
 *
 * Invariants: one reading at a time (callers share it, but one that wants it fresh waits for its own); no reading takes
 * longer than the time-out; a program that hangs is never started again beside itself; a reading never rejects.
 */
import { existsSync } from 'node:fs';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import type { GpuProbe, GpuReading } from '../../electron/ports/gpu-probe.ts';
import type { DoctorCheck } from '../../electron/contract/settings.ts';
import { diagnoseGpus } from './diagnose-gpus.ts';
import { isFatal } from './error-texts.ts';
import { emptyFacts } from './facts.ts';
import type { GpuFacts, KnownProblem, SmiOutput } from './facts.ts';
import { isMigOn, joinReadings, toContractGpu } from './join-readings.ts';
import { parseAppsCsv } from './parse-apps-csv.ts';
import { parseGpuCsv } from './parse-gpu-csv.ts';
import { parseList } from './parse-list.ts';
import { parseSmiXml } from './parse-xml.ts';
import { findNvidiaSmi, runNvidiaSmi } from './run-nvidia-smi.ts';
import type { SmiRun } from './run-nvidia-smi.ts';
import { normalizeBusId } from './values.ts';

const IDENTITY_FIELDS = ['index', 'uuid', 'pci.bus_id'] as const;
/** Known to every driver since 384; one unknown field would refuse the whole query. */
const MAIN_FIELDS = [
  'name',
  'driver_version',
  'memory.total',
  'memory.used',
  'memory.free',
  'utilization.gpu',
  'temperature.gpu',
  'pstate',
  'power.draw',
  'power.limit',
  'compute_mode',
  'persistence_mode',
] as const;
/** Newer fields. What the driver refuses is left out from then on. */
const OPTIONAL_FIELDS = ['mig.mode.current', 'memory.reserved', 'gpu_recovery_action', 'display_active'] as const;
const APP_FIELDS = ['gpu_uuid', 'pid', 'process_name', 'used_gpu_memory'] as const;

const DEFAULT_TIMEOUT_MS = 10_000;
/** Optional fields and MIG layout change only when an administrator changes them. */
const SLOW_FIELDS_EVERY_MS = 60_000;
/** MIG memory is only in the XML (some 100 kB per reading), so it is read less often than the rest. */
const MIG_EVERY_MS = 10_000;
const KILL_GRACE_MS = 500;
const DRIVER_SIGNS = ['/proc/driver/nvidia/version', '/dev/nvidia0', '/dev/nvidiactl'];

export interface GpuProbeOptions {
  /** Path of the program; otherwise SWITCHYARD_NVIDIA_SMI, PATH and the usual places. */
  readonly command?: string;
  /** For one whole reading. */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly nowMs?: () => number;
  /** Files that show that a driver is there although nvidia-smi is not. */
  readonly driverSigns?: readonly string[];
  /** Where the program runs; missing = here. */
  readonly runner?: SmiRunner;
}

/** Finds and runs nvidia-smi, here or on another machine. */
export interface SmiRunner {
  /** @returns the program, or null where there is none; and whether a driver is there all the same */
  find(): Promise<{ readonly file: string | null; readonly hasDriver: boolean }>;
  /** Answers after `timeoutMs` at the latest. */
  run(file: string, args: readonly string[], timeoutMs: number): Promise<SmiRun>;
}

/** A reading that came to an early end: what stands in its way. */
class ProbeFault extends Error {}

function describe(problem: KnownProblem): string {
  return `nvidia-smi: ${problem.text.replaceAll('\n', ' ').replace(/\.$/, '')}. ${problem.meaning} ${problem.remedy}`;
}

interface Known {
  readonly uuid: string;
  readonly index: number | null;
  readonly name: string | null;
}

interface ProbeState {
  pending: Promise<GpuReading> | null;
  /** A process that hangs and cannot be killed; null again when it is gone. */
  stuckSinceMs: number | null;
  refused: Set<string>;
  optional: { readonly atMs: number; readonly output: SmiOutput } | null;
  mig: { readonly atMs: number; readonly outputs: readonly SmiOutput[] } | null;
  driverVersion: string | null;
  byBusId: Map<string, Known>;
  firstCallMs: number | null;
}

/** @returns the probe; it starts nothing until the first read */
export function createGpuProbe(options: GpuProbeOptions = {}): GpuProbe {
  const env = options.env ?? process.env;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const nowMs = options.nowMs ?? Date.now;
  const runner: SmiRunner = options.runner ?? {
    find: () =>
      Promise.resolve({
        file: findNvidiaSmi(options.command, env, process.platform),
        hasDriver: (options.driverSigns ?? DRIVER_SIGNS).some((sign) => existsSync(sign)),
      }),
    run: (file, args, leftMs) => runNvidiaSmi(file, args, leftMs, env),
  };
  const state: ProbeState = {
    pending: null,
    stuckSinceMs: null,
    refused: new Set(),
    optional: null,
    mig: null,
    driverVersion: null,
    byBusId: new Map(),
    firstCallMs: null,
  };

  async function run(file: string, args: readonly string[], deadline: number): Promise<SmiRun> {
    const left = deadline - performance.now();
    if (left <= 0) throw new ProbeFault(slowText(timeoutMs));
    const result = await runner.run(file, args, left);
    if (result.kind === 'hung') {
      state.stuckSinceMs = nowMs();
      const gone = (async () => {
        await result.gone;
        state.stuckSinceMs = null;
      })();
      // A program that only ignored us is gone at once; one that sits in the kernel is not, and is waited for in the background.
      await Promise.race([gone, setTimeoutPromise(KILL_GRACE_MS)]);
      throw new ProbeFault(slowText(timeoutMs));
    }
    if (result.kind === 'missing')
      throw new ProbeFault(
        "nvidia-smi has just disappeared. Its package may be in an update; if it stays away, install the NVIDIA driver's utilities again.",
      );
    if (result.kind === 'failed')
      throw new ProbeFault(
        `nvidia-smi could not be started: ${result.text}. Check that ${file} is a program this user may run.`,
      );
    return result;
  }

  function query(fields: readonly string[]): readonly string[] {
    return [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  }

  /**
   * Asks for `wanted` beside `always`. A field this driver refuses is remembered and left out, here and from then on.
   * @returns null when nothing of `wanted` is left
   */
  async function readFields(
    file: string,
    always: readonly string[],
    wanted: readonly string[],
    deadline: number,
  ): Promise<{ readonly output: SmiOutput; readonly result: SmiRun } | null> {
    for (;;) {
      const asked = wanted.filter((field) => !state.refused.has(field));
      if (asked.length === 0) return null;
      const fields = [...always, ...asked];
      const result = await run(file, query(fields), deadline);
      const output = parseGpuCsv(result.text, fields);
      const refused = output.problems.find(({ code }) => code === 'invalid_field');
      if (refused === undefined) return { output, result };
      const named = asked.filter((field) => field === refused.field);
      for (const field of named.length > 0 ? named : asked) state.refused.add(field);
    }
  }

  /** A dead GPU's row may have no UUID; its bus id from the error line, or the list, tells which one it is. */
  async function identify(
    file: string,
    main: SmiOutput,
    deadline: number,
  ): Promise<{ readonly main: SmiOutput; readonly list: SmiOutput | null }> {
    const gpus = main.gpus.map((gpu): GpuFacts => {
      const known =
        gpu.uuid === null && gpu.busId !== null ? state.byBusId.get(normalizeBusId(gpu.busId) ?? '') : undefined;
      return known === undefined
        ? gpu
        : { ...gpu, uuid: known.uuid, index: gpu.index ?? known.index, name: gpu.name ?? known.name };
    });
    const list = gpus.some((gpu) => gpu.uuid === null) ? parseList((await run(file, ['-L'], deadline)).text) : null;
    return { main: { ...main, gpus }, list };
  }

  async function readMig(file: string, now: number, fresh: boolean, deadline: number): Promise<readonly SmiOutput[]> {
    if (fresh || state.mig === null || now - state.mig.atMs >= MIG_EVERY_MS) {
      const list = parseList((await run(file, ['-L'], deadline)).text);
      const xml = parseSmiXml((await run(file, ['-q', '-x'], deadline)).text);
      state.mig = { atMs: now, outputs: [xml, list] };
    }
    return state.mig.outputs;
  }

  async function readWith(file: string, fresh: boolean): Promise<GpuReading> {
    const deadline = performance.now() + timeoutMs;
    const now = nowMs();
    const answer = await readFields(file, IDENTITY_FIELDS, MAIN_FIELDS, deadline);
    if (answer === null)
      throw new ProbeFault('nvidia-smi refuses every field it was asked for. Update the NVIDIA driver.');
    const { output: parsed, result: first } = answer;
    state.firstCallMs ??= first.tookMs;
    const fatal = parsed.problems.find(({ code }) => isFatal(code));
    const usable = parsed.gpus.filter((gpu) => gpu.uuid !== null || gpu.faults.length > 0);
    if (usable.length === 0) {
      if (fatal !== undefined) throw new ProbeFault(describe(fatal));
      const said = first.text.trim().replace(/\s+/g, ' ').slice(0, 300);
      throw new ProbeFault(
        said === ''
          ? `nvidia-smi said nothing (exit code ${first.exitCode ?? 'unknown'}). Run it in a terminal and look at "sudo dmesg | grep -i nvrm".`
          : `nvidia-smi said something that is no list of GPUs: "${said}". Run it in a terminal and read what it says.`,
      );
    }
    const { main, list } = await identify(file, parsed, deadline);
    if (main.driverVersion !== null && main.driverVersion !== state.driverVersion) {
      // A new driver may know more fields.
      if (state.driverVersion !== null) state.refused = new Set();
      state.optional = null;
      state.mig = null;
      state.driverVersion = main.driverVersion;
    }
    const outputs: SmiOutput[] = [main];
    if (list !== null) outputs.push(list);
    outputs.push(
      parseAppsCsv(
        (await run(file, [`--query-compute-apps=${APP_FIELDS.join(',')}`, '--format=csv,noheader,nounits'], deadline))
          .text,
        APP_FIELDS,
      ),
    );
    const stale =
      state.optional === null ||
      now - state.optional.atMs >= SLOW_FIELDS_EVERY_MS ||
      state.optional.output.gpus.length !== main.gpus.length;
    if (stale) {
      const optional = await readFields(file, IDENTITY_FIELDS, OPTIONAL_FIELDS, deadline);
      state.optional = {
        atMs: now,
        output: optional?.output ?? { gpus: [], processes: [], driverVersion: null, problems: [], warnings: [] },
      };
    }
    // What the main query says of a fault counts; a fault in a reading of a minute ago must not outlive it.
    if (state.optional !== null) {
      outputs.push({
        ...state.optional.output,
        gpus: state.optional.output.gpus
          .filter((gpu) => gpu.uuid !== null)
          .map((gpu) => ({ ...gpu, faults: [], tokens: {} })),
      });
    }
    if (outputs.some((output) => output.gpus.some(isMigOn))) {
      const mig = await readMig(file, now, fresh, deadline);
      // Processes come from compute-apps, which is newer; the XML adds memory and instances.
      outputs.push(
        ...mig.map((output) => ({
          ...output,
          gpus: output.gpus.map((gpu) => ({
            ...emptyFacts(gpu.order),
            uuid: gpu.uuid,
            busId: gpu.busId,
            index: gpu.index,
            mig: gpu.mig,
          })),
        })),
      );
    }
    const partial = main.problems.find(
      ({ code, busId }) => busId === null && (isFatal(code) || code === 'inforom_corrupt'),
    );
    const joined = joinReadings(outputs).gpus;
    for (const { busId, uuid, index, name } of joined) {
      const place = busId === null ? null : normalizeBusId(busId);
      if (place !== null && uuid !== null) state.byBusId.set(place, { uuid, index, name });
    }
    return {
      source: 'nvidia-smi',
      takenAtMs: nowMs(),
      problem: partial === undefined ? null : describe(partial),
      driverVersion: main.driverVersion,
      gpus: joined.map(toContractGpu),
    };
  }

  async function readOnce(fresh: boolean): Promise<GpuReading> {
    const nothing = { driverVersion: null, gpus: [] } as const;
    if (state.stuckSinceMs !== null) {
      const seconds = Math.round((nowMs() - state.stuckSinceMs) / 1000);
      return {
        ...nothing,
        source: 'nvidia-smi',
        takenAtMs: nowMs(),
        problem:
          `nvidia-smi has been hanging for ${seconds + Math.round(timeoutMs / 1000)} s and cannot be ended; ` +
          'the driver does not answer. If it does not recover by itself, reboot the machine.',
      };
    }
    const { file, hasDriver } = await runner.find();
    if (file === null) {
      return {
        ...nothing,
        source: 'none',
        takenAtMs: nowMs(),
        problem: hasDriver
          ? 'The NVIDIA driver is loaded, but nvidia-smi is missing, so the GPUs cannot be measured. Install the ' +
            "driver's utilities (Debian and Ubuntu: the nvidia-utils or nvidia-smi package of the same version)."
          : null,
      };
    }
    try {
      return await readWith(file, fresh);
    } catch (error) {
      const text =
        error instanceof ProbeFault
          ? error.message
          : `nvidia-smi could not be read: ${error instanceof Error ? error.message : String(error)}`;
      return { ...nothing, source: 'nvidia-smi', takenAtMs: nowMs(), problem: text };
    }
  }

  async function read(fresh = false): Promise<GpuReading> {
    // One that is under way may have read before the call what has changed since.
    if (fresh && state.pending !== null) await state.pending;
    state.pending ??= readOnce(fresh).finally(() => {
      state.pending = null;
    });
    return state.pending;
  }

  return {
    read,
    async diagnose(): Promise<readonly DoctorCheck[]> {
      const reading = await read();
      return diagnoseGpus({
        reading,
        program: (await runner.find()).file,
        firstCallMs: state.firstCallMs,
        isWsl: existsSync('/dev/dxg') || env['WSL_DISTRO_NAME'] !== undefined,
      });
    },
  };
}

function slowText(timeoutMs: number): string {
  return (
    `nvidia-smi did not answer within ${Math.round(timeoutMs / 1000)} s; the driver or a GPU hangs. The ` +
    `last reading is shown; if it does not recover by itself, look at "sudo dmesg | grep -i xid" and ` +
    'reboot.'
  );
}
