/** The figures of a machine that is reached over SSH: its GPUs by the same reading of nvidia-smi as here, its load, memory and disk. */
import { z } from 'zod';
import type { GpuProbe } from '../../electron/ports/gpu-probe.ts';
import type { HostProbe } from '../../electron/ports/host-probe.ts';
import type { HostReading } from '../../electron/contract/gpus.ts';
import { createGpuProbe, type SmiRunner } from '../gpu/gpu-probe.ts';
import type { SmiRun } from '../gpu/run-nvidia-smi.ts';
import type { BoxLink } from './box-link.ts';
import { SshFault } from './ssh-fault.ts';

/** What the connection takes beside the program itself. */
const LINE_MS = 10_000;
const HOST_TIMEOUT_MS = 20_000;

const Done = z.looseObject({
  kind: z.enum(['output', 'missing', 'failed', 'hung']),
  exitCode: z.number().nullable(),
  tookMs: z.number(),
  outBytes: z.number().int(),
});
const Found = z.looseObject({ program: z.string().nullable(), driver: z.boolean() });
const Processes = z.looseObject({
  processes: z.array(z.tuple([z.number().int(), z.string(), z.number(), z.string().nullable()])),
});
export const HostFacts = z.looseObject({
  hostname: z.string(),
  user: z.string(),
  uid: z.number(),
  python: z.string(),
  system: z.string(),
  cpus: z.number().int(),
  memoryMiB: z.number().nullable(),
  memoryUsedMiB: z.number().nullable(),
  root: z.string(),
  rootExists: z.boolean(),
  rootTaken: z.boolean(),
  rootWritable: z.boolean(),
  nearest: z.string(),
  diskFreeMiB: z.number(),
  diskTotalMiB: z.number(),
  bootId: z.string().nullable(),
  ticks: z.number(),
  idleTicks: z.number(),
});
export type HostFacts = z.infer<typeof HostFacts>;

/** @throws SshFault */
export async function readHostFacts(link: BoxLink, root: string, eager = false): Promise<HostFacts> {
  const { head } = await link.request({ op: 'host', root }, undefined, { timeoutMs: HOST_TIMEOUT_MS, eager });
  return HostFacts.parse(head);
}

/** Runs a program there, found on the PATH or in the usual places. @throws SshFault */
export async function runThere(link: BoxLink, argv: readonly string[], timeoutMs: number): Promise<SmiRun> {
  const { head, body } = await link.request({ op: 'exec', argv, timeoutS: timeoutMs / 1000 }, undefined, {
    timeoutMs: timeoutMs + LINE_MS,
  });
  const done = Done.parse(head);
  const text = [body.subarray(0, done.outBytes), body.subarray(done.outBytes)]
    .map((part) => part.toString('utf8'))
    .filter((part) => part !== '')
    .join('\n');
  // What hangs there was killed there; another one beside it is not started by us either.
  return { kind: done.kind, text, exitCode: done.exitCode, tookMs: done.tookMs, gone: Promise.resolve() };
}

const smiRunner = (link: BoxLink): SmiRunner => ({
  async find() {
    const { head } = await link.request({ op: 'which', name: 'nvidia-smi' }, undefined, { timeoutMs: HOST_TIMEOUT_MS });
    const { program, driver } = Found.parse(head);
    return { file: program, hasDriver: driver };
  },
  run: (file, args, timeoutMs) => runThere(link, [file, ...args], timeoutMs),
});

/** @returns the GPUs there; `problem` says since when the machine is not reached, in the words of `sayTrouble` */
export function createSshGpuProbe(link: BoxLink, sayTrouble: () => string | null): GpuProbe {
  const probe = createGpuProbe({ runner: smiRunner(link) });
  return {
    async read(fresh) {
      try {
        const reading = await probe.read(fresh);
        const trouble = sayTrouble();
        return trouble === null ? reading : { ...reading, source: 'nvidia-smi', problem: trouble, gpus: [] };
      } catch (error) {
        const problem = sayTrouble() ?? (error instanceof Error ? error.message : String(error));
        return { source: 'nvidia-smi', takenAtMs: Date.now(), problem, driverVersion: null, gpus: [] };
      }
    },
    diagnose: () => probe.diagnose(),
  };
}

export interface SshHostProbe extends HostProbe {
  /** @returns pid -> the attempt it belongs to; those of others are missing */
  attemptsOf(pids: readonly number[]): Promise<ReadonlyMap<number, string>>;
}

export function createSshHostProbe(link: BoxLink, root: string): SshHostProbe {
  let before: Pick<HostFacts, 'ticks' | 'idleTicks'> | null = null;

  async function ask(pids: readonly number[]): Promise<z.infer<typeof Processes>['processes']> {
    const { head } = await link.request({ op: 'processes', pids }, undefined, { timeoutMs: HOST_TIMEOUT_MS });
    return Processes.parse(head).processes;
  }
  function loadPct(facts: HostFacts): number | null {
    const ticks = before === null ? 0 : facts.ticks - before.ticks;
    const idle = before === null ? 0 : facts.idleTicks - before.idleTicks;
    before = facts;
    return ticks <= 0 ? null : Math.round(Math.max(0, Math.min(1, 1 - idle / ticks)) * 1000) / 10;
  }

  return {
    async read(): Promise<HostReading> {
      const facts = await readHostFacts(link, root);
      return {
        hostname: facts.hostname,
        cpuPct: loadPct(facts),
        cpuCount: facts.cpus,
        memoryTotalMiB: facts.memoryMiB,
        memoryUsedMiB: facts.memoryUsedMiB,
        diskFreeMiB: facts.diskFreeMiB,
        diskTotalMiB: facts.diskTotalMiB,
      };
    },
    async disk() {
      try {
        const { diskFreeMiB, diskTotalMiB } = await readHostFacts(link, root);
        return { freeMiB: diskFreeMiB, totalMiB: diskTotalMiB };
      } catch (error) {
        if (error instanceof SshFault) return null;
        throw error;
      }
    },
    processOwners: async (pids) => new Map((await ask(pids)).map(([pid, user, sinceMs]) => [pid, { user, sinceMs }])),
    attemptsOf: async (pids) =>
      new Map(
        (await ask(pids)).flatMap(([pid, , , attemptId]) => (attemptId === null ? [] : [[pid, attemptId] as const])),
      ),
    async bootId() {
      return readHostFacts(link, root).then(
        ({ bootId }) => bootId,
        () => null,
      );
    },
    diagnose: () => Promise.resolve([]),
  };
}
