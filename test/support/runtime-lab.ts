/** A place to try a trial runtime in: directories and launch descriptions of attempts, made alike for every runtime. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import type { AttemptHandle, ExitInfo, LaunchSpec, TrialRuntime } from '../../electron/ports/trial-runtime.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import { waitUntil } from './processes.ts';

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** The first processes of containers, by processor. */
export const ENTRY_DIR = path.join(import.meta.dirname, '..', '..', 'resources', 'container');

/** What starts and supervises process trials on this machine; null where shells do. */
export const STARTER =
  process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')
    ? path.join(
        import.meta.dirname,
        '..',
        '..',
        'resources',
        'process',
        `starter-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}`,
      )
    : null;
/** The ways a supervisor is started on this machine: as a shell, and where there is one, by the starter. */
export const SUPERVISORS: readonly { readonly by: string; readonly starter: string | null }[] = [
  { by: 'shells', starter: null },
  ...(STARTER === null ? [] : [{ by: 'the starter', starter: STARTER }]),
];

export interface TrialPlan extends Partial<Omit<LaunchSpec, 'argv'>> {
  readonly argv: readonly string[];
}

export interface Lab {
  readonly engineId: string;
  /** Where programs run, as the host sees it. */
  workOf(spec: LaunchSpec): string;
  plan(plan: TrialPlan): LaunchSpec;
  handleOf(spec: LaunchSpec, ref?: string | null): AttemptHandle;
  launch(runtime: TrialRuntime, spec: LaunchSpec): Promise<AttemptHandle>;
  /** Launches, waits for the end. */
  run(runtime: TrialRuntime, spec: LaunchSpec): Promise<ExitInfo>;
  log(spec: LaunchSpec): string;
  /** Settles when the log contains `text`. */
  logged(spec: LaunchSpec, text: string): Promise<void>;
  /** Removes the directories. */
  close(): void;
}

const CONTAINER_WORK = '/workspace';

/** For a runtime whose programs run on another machine: their directories are laid out by it. */
export interface LabElsewhere {
  readonly layOut: TrialRuntime['layOut'];
  /** Where the program of an attempt works, as this machine sees it. */
  readonly workOf: (attemptId: string) => string;
}

const PLACES = ['work', 'checkpoints', 'output', 'exchange', 'helper'] as const;

/** @param image null for runtimes without containers */
export function createLab(image: string | null, elsewhere?: LabElsewhere): Lab {
  const root = mkdtempSync(path.join(os.tmpdir(), 'switchyard-lab-'));
  const engineId = `lab${randomBytes(4).toString('hex')}`;
  const work = new Map<string, string>();
  let trials = 0;
  const lab: Lab = {
    engineId,
    workOf: (spec) => work.get(spec.attemptId) ?? '',
    plan(plan) {
      const trialId = ++trials;
      const dir = path.join(root, String(trialId));
      const hosts = Object.fromEntries(PLACES.map((place) => [place, path.join(dir, place)])) as Record<
        (typeof PLACES)[number],
        string
      >;
      for (const host of Object.values(hosts)) mkdirSync(host, { recursive: true });
      const layout = elsewhere?.layOut({ ...hosts, inPlace: false });
      const spec: LaunchSpec = {
        attemptId: `${engineId}-t${trialId}-a1`,
        engineId,
        trialId,
        attempt: 1,
        image,
        workDir: layout?.places.work ?? (image === null ? path.join(dir, 'work') : CONTAINER_WORK),
        env: {},
        slotUuids: [],
        limits: { cpus: null, memoryMiB: null, shmMiB: 64 },
        logPath: path.join(dir, 'log'),
        stateDir: path.join(dir, 'state'),
        user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
        ...plan,
        mounts: [
          ...(image === null || layout !== undefined
            ? (layout?.mounts ?? [])
            : [
                {
                  hostPath: path.join(dir, 'work'),
                  containerPath: CONTAINER_WORK,
                  readOnly: false,
                  role: 'own' as const,
                },
              ]),
          ...(plan.mounts ?? []),
        ],
      };
      work.set(spec.attemptId, elsewhere?.workOf(spec.attemptId) ?? path.join(dir, 'work'));
      return spec;
    },
    handleOf: (spec, ref = null) => ({
      attemptId: spec.attemptId,
      ref,
      logPath: spec.logPath,
      stateDir: spec.stateDir,
    }),
    async launch(runtime, spec) {
      const { ref } = await runtime.launch(spec, () => undefined, new AbortController().signal);
      return lab.handleOf(spec, ref);
    },
    run: async (runtime, spec) => runtime.attach(await lab.launch(runtime, spec)).exit,
    log(spec) {
      try {
        return readFileSync(spec.logPath, 'utf8');
      } catch {
        return '';
      }
    },
    logged: async (spec, text) => {
      await waitUntil(`the log contains ${JSON.stringify(text)}`, () => lab.log(spec).includes(text));
    },
    close: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
  return lab;
}
