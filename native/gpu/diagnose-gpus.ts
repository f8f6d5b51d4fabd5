/** What `switchyard doctor` says about nvidia-smi and the GPUs, with the exact remedy for each known failure. Pure. */
import type { DoctorCheck } from '../../electron/contract/settings.ts';
import type { GpuReading } from '../../electron/ports/gpu-probe.ts';

export interface GpuFindings {
  readonly reading: GpuReading;
  /** Path of nvidia-smi; null = not found. */
  readonly program: string | null;
  /** How long the first call took, ms; null = none yet. */
  readonly firstCallMs: number | null;
  readonly isWsl: boolean;
}

/** Without persistence mode the driver is initialised on every call. */
const SLOW_FIRST_CALL_MS = 1000;

function checkProgram({ reading, program, isWsl }: GpuFindings): DoctorCheck {
  const base = { id: 'nvidia-smi', title: 'nvidia-smi' };
  if (program === null) {
    if (reading.problem !== null)
      return {
        ...base,
        status: 'error',
        found: 'not found, although an NVIDIA driver is loaded',
        remedy:
          "Install the driver's utilities (Debian and Ubuntu: the nvidia-utils or nvidia-smi package of the same version as the driver).",
      };
    return {
      ...base,
      status: 'info',
      found: 'not found: this machine has no NVIDIA driver, or nvidia-smi is not on PATH',
      remedy: isWsl
        ? 'In WSL the driver belongs to Windows: install the NVIDIA driver there (not in Linux), then run "wsl ' +
          '--shutdown"; nvidia-smi appears in /usr/lib/wsl/lib.'
        : 'Trials without GPUs run as they are. If there is a GPU, install the NVIDIA driver (Ubuntu: sudo ' +
          'ubuntu-drivers install; Debian: sudo apt install nvidia-driver) and reboot.',
    };
  }
  if (reading.problem !== null && reading.gpus.length === 0)
    return { ...base, status: 'error', ...splitProblem(reading.problem) };
  if (reading.problem !== null) return { ...base, status: 'warning', ...splitProblem(reading.problem) };
  return {
    ...base,
    status: 'ok',
    found: `${program}, driver ${reading.driverVersion ?? 'unknown'}, ${reading.gpus.length} GPU${reading.gpus.length === 1 ? '' : 's'}`,
    remedy: null,
  };
}

/** Problems of a reading are sentences; what happened is first, the rest says what to do. */
function splitProblem(problem: string): { readonly found: string; readonly remedy: string } {
  const end = problem.search(/[.;]\s/);
  return end < 0
    ? { found: problem, remedy: 'Run nvidia-smi in a terminal and read what it says.' }
    : { found: problem.slice(0, end), remedy: problem.slice(end + 1).trim() };
}

/** @returns one check for nvidia-smi, one per GPU, and hints */
export function diagnoseGpus(findings: GpuFindings): readonly DoctorCheck[] {
  const checks: DoctorCheck[] = [checkProgram(findings)];
  for (const gpu of findings.reading.gpus) {
    const title = `GPU ${gpu.index ?? '?'}: ${gpu.name}`;
    const id = `gpu-${gpu.uuid}`;
    if (!gpu.health.ok) {
      const { found, remedy } = splitProblem(gpu.health.reason ?? 'not usable');
      checks.push({ id, title, status: 'error', found, remedy });
    } else if (gpu.memoryTotalMiB === null) {
      checks.push({
        id,
        title,
        status: 'info',
        found:
          'its memory size is not told (unified memory, or WSL); trials are placed by count, not by measured memory',
        remedy: null,
      });
    } else {
      const mig = gpu.migEnabled ? `, MIG on with ${gpu.mig.length} instance${gpu.mig.length === 1 ? '' : 's'}` : '';
      checks.push({
        id,
        title,
        status: 'ok',
        found: `${gpu.memoryFreeMiB ?? '?'} of ${gpu.memoryTotalMiB} MiB free${mig}`,
        remedy: null,
      });
      if (gpu.migEnabled && gpu.mig.length === 0) {
        checks.push({
          id: `${id}-mig`,
          title,
          status: 'warning',
          found: 'MIG is on but no instance exists, so nothing can run on this GPU',
          remedy: 'Create instances (sudo nvidia-smi mig -cgi 9,9 -C) or turn MIG off (sudo nvidia-smi -mig 0).',
        });
      }
    }
  }
  if (findings.firstCallMs !== null && findings.firstCallMs > SLOW_FIRST_CALL_MS && findings.reading.gpus.length > 0) {
    checks.push({
      id: 'gpu-persistence',
      title: 'Persistence mode',
      status: 'warning',
      found: `nvidia-smi took ${(findings.firstCallMs / 1000).toFixed(1)} s: the driver starts anew on every call`,
      remedy: 'Turn persistence mode on: sudo systemctl enable --now nvidia-persistenced (or sudo nvidia-smi -pm 1).',
    });
  }
  if (findings.isWsl) {
    checks.push({
      id: 'gpu-wsl',
      title: 'WSL',
      status: 'info',
      found:
        'under WSL nvidia-smi does not list processes or their memory; memory of the whole GPU is used for decisions',
      remedy: null,
    });
  }
  return checks;
}
