/**
 * Drives the fake nvidia-smi: tests say what the machine looks like, programs that run nvidia-smi see it.
 * The state file is replaced in one step, so a program that reads it meanwhile sees the old or the new state, never half of one.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./nvidia-smi', import.meta.url));

export interface FakeProcess {
  readonly pid: number;
  readonly name: string;
  /** null = the driver does not tell (WSL, Windows). */
  readonly usedMiB: number | null;
  readonly type?: 'C' | 'G' | 'C+G';
}

export interface FakeMig {
  readonly index: number;
  readonly uuid: string;
  readonly profile: string;
  readonly gpuInstance: number;
  readonly computeInstance: number;
  readonly totalMiB: number;
  readonly usedMiB: number;
}

export interface FakeGpu {
  readonly uuid?: string;
  readonly name?: string;
  readonly totalMiB?: number;
  readonly reservedMiB?: number;
  /** Memory in use that no listed process explains; the processes' memory comes on top. */
  readonly usedMiB?: number;
  readonly utilizationPct?: number | null;
  readonly temperatureC?: number | null;
  readonly powerW?: number;
  readonly mig?: readonly FakeMig[];
  /** Raw fields that win over the others, for example {"pstate": "[Unknown Error]"}. An undefined value removes the field: the driver does not know it. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
}

export interface FakeGpus {
  /** Set in the environment of the engine (or of the probe). */
  readonly env: Readonly<Record<string, string>>;
  readonly uuids: readonly string[];
  /** Changes a GPU: what is given wins over what it was. */
  set(uuid: string, change: FakeGpu): void;
  /** A process on the GPU: of somebody else, or one of a trial when the pid is that of a trial. */
  addForeign(uuid: string, process: FakeProcess): void;
  removeForeign(pid: number): void;
  /** The GPU falls off the bus; `recover` brings it back. */
  lose(uuid: string): void;
  /** nvidia-smi hangs and ignores every signal but SIGKILL, until `recover`. */
  hang(): void;
  /** nvidia-smi prints an error text instead of data. */
  fail(text: string, exitCode: number): void;
  /** Every call takes this long. */
  slow(seconds: number): void;
  /** Ends lost GPUs, hanging, failing, slowness and removal. Processes stay. */
  recover(): void;
  /** nvidia-smi disappears from the machine. */
  remove(): void;
  /** Arguments of every call so far. */
  calls(): readonly string[];
}

const UUID_TAIL = 'aaaa-4bbb-8ccc-dddd0000000';

/** @returns the UUID the fake gives to its n-th GPU when none is named */
export function fakeUuid(order: number): string {
  return `GPU-f4ce000${order}-${UUID_TAIL}${order}`;
}

function clean(text: string): string {
  return text.replace(/[\t\r\n]/g, ' ');
}

function fieldsOf(gpu: FakeGpu, order: number, processMiB: number): Record<string, string | undefined> {
  const total = gpu.totalMiB ?? 24_576;
  const reserved = gpu.reservedMiB ?? 400;
  const used = (gpu.usedMiB ?? 12) + processMiB;
  const isMig = gpu.mig !== undefined && gpu.mig.length > 0;
  return {
    index: String(order),
    uuid: gpu.uuid ?? fakeUuid(order),
    name: gpu.name ?? 'NVIDIA Fake RTX 24',
    'pci.bus_id': `00000000:${(order + 1).toString(16).padStart(2, '0').toUpperCase()}:00.0`,
    driver_version: '570.00.01',
    'memory.total': `${total} MiB`,
    'memory.reserved': `${reserved} MiB`,
    'memory.used': `${used} MiB`,
    'memory.free': `${Math.max(0, total - reserved - used)} MiB`,
    'utilization.gpu': isMig || gpu.utilizationPct === null ? '[N/A]' : `${gpu.utilizationPct ?? 0} %`,
    'temperature.gpu': gpu.temperatureC === null ? '[N/A]' : String(gpu.temperatureC ?? 38),
    pstate: 'P8',
    'power.draw': `${(gpu.powerW ?? 21.5).toFixed(2)} W`,
    'power.limit': '350.00 W',
    compute_mode: 'Default',
    persistence_mode: 'Enabled',
    'mig.mode.current': isMig ? 'Enabled' : '[N/A]',
    gpu_recovery_action: 'None',
    ...gpu.fields,
  };
}

/**
 * @param dir an existing folder of the test; the fake and its state live in it
 * @param gpus the GPUs of the machine, in order
 */
export function createFakeGpus(dir: string, gpus: readonly FakeGpu[]): FakeGpus {
  const bin = path.join(dir, 'fake-nvidia-smi');
  const program = path.join(bin, 'nvidia-smi');
  const stateFile = path.join(bin, 'state.txt');
  const callsFile = path.join(bin, 'calls.txt');
  const machine = gpus.map((gpu, order) => ({
    gpu,
    order,
    uuid: gpu.uuid ?? fakeUuid(order),
    processes: [] as FakeProcess[],
    lost: false,
  }));
  let mode: { kind: 'ok' } | { kind: 'hang' } | { kind: 'text'; text: string; exitCode: number } = { kind: 'ok' };
  let delaySeconds: number | null = null;

  function write(): void {
    const lines: string[] = [`mode\t${mode.kind}`];
    if (mode.kind === 'text')
      for (const line of mode.text.split('\n')) lines.push(`text\t${mode.exitCode}\t${clean(line)}`);
    if (delaySeconds !== null) lines.push(`delay\t${delaySeconds}`);
    for (const { gpu, order, processes, lost } of machine) {
      const processMiB = processes.reduce((sum, { usedMiB }) => sum + (usedMiB ?? 0), 0);
      for (const [field, value] of Object.entries(fieldsOf(gpu, order, processMiB)))
        if (value !== undefined) lines.push(`gpu\t${order}\t${field}\t${clean(value)}`);
      for (const { pid, type, usedMiB, name } of processes)
        lines.push(`proc\t${order}\t${pid}\t${type ?? 'C'}\t${usedMiB ?? ''}\t${clean(name)}`);
      for (const mig of gpu.mig ?? []) {
        lines.push(
          [
            'mig',
            order,
            mig.index,
            mig.profile,
            mig.uuid,
            mig.gpuInstance,
            mig.computeInstance,
            mig.totalMiB,
            mig.usedMiB,
            mig.totalMiB - mig.usedMiB,
          ].join('\t'),
        );
      }
      if (lost) lines.push(`lost\t${order}`);
    }
    writeFileSync(`${stateFile}.new`, `${lines.join('\n')}\n`);
    renameSync(`${stateFile}.new`, stateFile);
  }

  function install(): void {
    copyFileSync(PROGRAM, `${program}.new`);
    chmodSync(`${program}.new`, 0o755);
    renameSync(`${program}.new`, program);
  }

  function find(uuid: string): (typeof machine)[number] {
    const found = machine.find((entry) => entry.uuid === uuid);
    if (found === undefined) throw new Error(`the fake has no GPU ${uuid}`);
    return found;
  }

  mkdirSync(bin, { recursive: true });
  write();
  install();
  return {
    env: { SWITCHYARD_NVIDIA_SMI: program, FAKE_NVIDIA_SMI_STATE: stateFile, FAKE_NVIDIA_SMI_CALLS: callsFile },
    uuids: machine.map(({ uuid }) => uuid),
    set(uuid, change) {
      const entry = find(uuid);
      entry.gpu = { ...entry.gpu, ...change, uuid };
      write();
    },
    addForeign(uuid, process) {
      find(uuid).processes.push(process);
      write();
    },
    removeForeign(pid) {
      for (const entry of machine) entry.processes = entry.processes.filter((process) => process.pid !== pid);
      write();
    },
    lose(uuid) {
      find(uuid).lost = true;
      write();
    },
    hang() {
      mode = { kind: 'hang' };
      write();
    },
    fail(text, exitCode) {
      mode = { kind: 'text', text, exitCode };
      write();
    },
    slow(seconds) {
      delaySeconds = seconds;
      write();
    },
    recover() {
      mode = { kind: 'ok' };
      delaySeconds = null;
      for (const entry of machine) entry.lost = false;
      write();
      if (!existsSync(program)) install();
    },
    remove() {
      rmSync(program, { force: true });
    },
    calls() {
      return existsSync(callsFile)
        ? readFileSync(callsFile, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [];
    },
  };
}
