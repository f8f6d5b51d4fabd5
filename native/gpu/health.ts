/**
 * Whether a GPU may be given work, from what nvidia-smi printed. A GPU in trouble often looks free (0 MiB used),
 * so the words it leaves in use, temperature and performance state decide, not the numbers.
 */
import type { GpuHealth } from '../../electron/contract/gpus.ts';
import { recognizeLine } from './error-texts.ts';
import type { Fault, GpuFacts } from './facts.ts';

const FIELD_WORDS: Readonly<Record<string, string>> = {
  'utilization.gpu': 'its use',
  utilizationPct: 'its use',
  'temperature.gpu': 'its temperature',
  temperatureC: 'its temperature',
  pstate: 'its performance state',
  'memory.used': 'its memory use',
  memoryUsedMiB: 'its memory use',
  memoryTotalMiB: 'its memory size',
  'memory.total': 'its memory size',
};

/** The worst fault is named first: lost, then reset, then the rest. */
function worst(faults: readonly Fault[]): Fault | undefined {
  return (
    faults.find(({ token }) => /lost/i.test(token)) ??
    faults.find(({ token }) => /requires (?:a )?re(?:set|start|boot)/i.test(token)) ??
    faults[0]
  );
}

function explain(fault: Fault): string {
  if (/lost/i.test(fault.token)) {
    return (
      'the GPU is lost: it fell off the bus and does not answer. Reboot the machine; if it happens again, ' +
      'look for "Xid" in the kernel log and check seat, riser and power cables.'
    );
  }
  if (/requires (?:a )?re(?:set|start|boot)/i.test(fault.token)) {
    return (
      'the GPU requires a reset; programs started on it would fail or fall back to the CPU. Stop what uses ' +
      'it, then run "sudo nvidia-smi --gpu-reset", or reboot.'
    );
  }
  if (fault.field === 'device') {
    const known = recognizeLine(fault.token);
    return `nvidia-smi says "${fault.token}". ${known?.remedy ?? 'Reboot the machine.'}`;
  }
  return (
    `nvidia-smi answers "${fault.token}" when asked for ${FIELD_WORDS[fault.field] ?? fault.field}. The ` +
    `GPU does not work properly: look for "Xid" in the kernel log (sudo dmesg | grep -i xid), then reset ` +
    'it or reboot.'
  );
}

/** What the driver itself recommends (gpu_recovery_action); peer-to-peer draining leaves the GPU usable. */
function explainRecovery(action: string): string | null {
  if (/reboot/i.test(action)) return 'the driver says the machine must be rebooted before this GPU can be used.';
  if (/drain and reset/i.test(action))
    return 'the driver asks for this GPU to be drained and reset: let what runs on it finish, then run "sudo nvidia-smi --gpu-reset".';
  if (/reset/i.test(action))
    return 'the driver says this GPU must be reset: stop what uses it, then run "sudo nvidia-smi --gpu-reset", or reboot.';
  return null;
}

/** @returns ok, or not ok with a reason in words a person can act on */
export function assessHealth(gpu: GpuFacts): GpuHealth {
  const fault = worst(gpu.faults);
  if (fault !== undefined) return { ok: false, reason: explain(fault) };
  const recovery = gpu.recoveryAction === null ? null : explainRecovery(gpu.recoveryAction);
  if (recovery !== null) return { ok: false, reason: recovery };
  if (gpu.virtualization !== null && /^host/i.test(gpu.virtualization)) {
    return {
      ok: false,
      reason: 'this GPU is handed out to virtual machines (host vGPU mode): its memory belongs to them.',
    };
  }
  if (gpu.computeMode !== null && /^prohibited$/i.test(gpu.computeMode)) {
    return {
      ok: false,
      reason:
        'its compute mode is Prohibited, so no CUDA program can start on it. To change it: sudo nvidia-smi --compute-mode=DEFAULT',
    };
  }
  return { ok: true, reason: null };
}
