/**
 * Error texts of nvidia-smi and what they mean. They come on stdout, between or instead of the data, so every output is
 * searched for them before it is read as rows. Exit codes are not trusted: they differ between drivers.
 */
import type { KnownProblem, ProblemCode } from './facts.ts';
import { normalizeBusId } from './values.ts';

interface KnownText {
  readonly code: ProblemCode;
  readonly pattern: RegExp;
  readonly meaning: string;
  readonly remedy: string;
}

const RESEAT =
  'Reboot the machine; if it happens again, look for "Xid" in the kernel log (sudo dmesg | grep -i ' +
  "xid) and check the card's seat, riser, power cables and power supply.";

/** Order matters: the first match wins. */
const KNOWN: readonly KnownText[] = [
  {
    code: 'driver_mismatch',
    pattern: /Driver\/library version mismatch/i,
    meaning:
      'The NVIDIA user-space libraries were upgraded while the old kernel module is still loaded; no GPU can be used until they match.',
    remedy:
      'Reboot, or, with nothing using the GPUs, run: sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && sudo modprobe nvidia',
  },
  {
    code: 'nvml_unknown',
    pattern: /Failed to initialize NVML: Unknown Error/i,
    meaning:
      'The driver does not let this process near the GPU devices; typically a container that lost its device permissions after "systemctl daemon-reload".',
    remedy:
      'Start the container again (or restart this program); to prevent it, run "sudo nvidia-ctk system create-dev-char-symlinks --create-all" or use CDI.',
  },
  {
    code: 'nvml_missing',
    pattern:
      /(?:Failed to initialize NVML: (?:NVML )?(?:Shared )?Library Not Found|couldn't find libnvidia-ml|libnvidia-ml\.so|NVML Shared Library Not Found)/i,
    meaning: 'nvidia-smi is there, but the driver library libnvidia-ml is not.',
    remedy:
      'Install the NVIDIA driver completely (the package that holds libnvidia-ml.so.1), then run nvidia-smi again.',
  },
  {
    code: 'driver_not_loaded',
    pattern:
      /couldn't communicate with the NVIDIA driver|Failed to initialize NVML: Driver Not Loaded|GPU access blocked by the operating system/i,
    meaning: 'The NVIDIA kernel driver is not loaded, so no GPU can be used.',
    remedy:
      'Run "sudo modprobe nvidia"; if that fails, install or rebuild the driver for the running kernel ' +
      '(after a kernel update: dkms), check Secure Boot, and reboot.',
  },
  {
    code: 'no_permission',
    pattern: /Failed to initialize NVML: Insufficient Permissions/i,
    meaning: 'This user may not open the GPU devices.',
    remedy:
      'Check the rights of /dev/nvidia* (ls -l /dev/nvidia*), add the user to the group that owns them (often "video" or "render") and log in again.',
  },
  {
    code: 'nvml_other',
    pattern: /Failed to initialize NVML: /i,
    meaning: 'The NVIDIA management library could not start, so no GPU can be read.',
    remedy: 'Reboot; if it stays, install the driver again and look at "sudo dmesg | grep -i nvrm".',
  },
  {
    code: 'no_devices',
    pattern: /No devices (?:were )?found|No CUDA-capable device/i,
    meaning:
      'The driver is loaded but shows no GPU: the card is not seen on the bus, has failed, or is hidden from this process.',
    remedy:
      'Check "lspci | grep -i nvidia" and "sudo dmesg | grep -i nvrm"; in a container, start it with --gpus; otherwise reseat the card and reboot.',
  },
  {
    code: 'gpu_lost',
    pattern: /GPU is lost/i,
    meaning: 'The GPU fell off the bus (Xid 79); everything that ran on it is gone.',
    remedy: RESEAT,
  },
  {
    code: 'gpu_needs_reset',
    pattern: /GPU requires (?:a )?reset|reset the GPU/i,
    meaning: 'The GPU is in an error state and must be reset before it can be used.',
    remedy: 'Stop what uses it, then run "sudo nvidia-smi --gpu-reset -i <bus id>", or reboot.',
  },
  {
    code: 'gpu_unreachable',
    pattern: /Unable to determine the device handle for/i,
    meaning: 'The driver gets no answer from this GPU.',
    remedy: RESEAT,
  },
  {
    code: 'invalid_field',
    pattern: /Field "[^"]*" is not a valid field to query/i,
    meaning: 'This driver does not know a field that was asked for, and therefore refused the whole query.',
    remedy: 'Leave the field out, or update the driver.',
  },
  {
    code: 'inforom_corrupt',
    pattern: /infoROM is corrupted/i,
    meaning: "The card's infoROM is damaged; the GPU works, but error counters and power limits may be wrong.",
    remedy: 'Nothing has to be done at once; if errors follow, have the card replaced.',
  },
  {
    code: 'mig_nvlink',
    pattern: /Nvlink queries are not supported for Devices in MIG mode/i,
    meaning: 'MIG mode is on; NVLink figures do not exist then. The GPU is fine.',
    remedy: 'Nothing has to be done.',
  },
  {
    code: 'wddm_memory',
    pattern: /Not available in WDDM driver model/i,
    meaning: 'Windows manages the GPU memory (WDDM), so memory per process is not known.',
    remedy: 'Nothing has to be done; memory of the whole GPU is used for decisions.',
  },
  {
    code: 'deprecated',
    pattern: /Requested functionality has been deprecated/i,
    meaning: 'The driver no longer offers this value. The GPU is fine.',
    remedy: 'Nothing has to be done.',
  },
];

/** Texts that take away the whole reading, so that rows are not to be expected. */
const FATAL: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'driver_not_loaded',
  'driver_mismatch',
  'nvml_unknown',
  'nvml_missing',
  'nvml_other',
  'no_devices',
  'no_permission',
  'invalid_field',
  'unknown_text',
]);

/** @returns true when nothing can be read beside this text */
export function isFatal(code: ProblemCode): boolean {
  return FATAL.has(code);
}

/** @returns true for texts that tell of no fault at all */
export function isHarmless(code: ProblemCode): boolean {
  return code === 'mig_nvlink' || code === 'wddm_memory' || code === 'deprecated';
}

/** @returns what a single line means, or null when it is not a known text */
export function recognizeLine(line: string): KnownProblem | null {
  const text = line.trim();
  for (const known of KNOWN) {
    if (!known.pattern.test(text)) continue;
    return {
      code: known.code,
      text,
      meaning: known.meaning,
      remedy: known.remedy,
      busId: normalizeBusId(text),
      field: /Field "([^"]*)"/i.exec(text)?.[1] ?? null,
    };
  }
  return null;
}

/** A row of data may hold words such as [GPU is lost] without being an error text. */
function isRow(line: string): boolean {
  if (/^\s*(?:Unable to determine|Failed to |NVIDIA-SMI has failed|WARNING:)/i.test(line)) return false;
  return line.includes(', ') || /^\s*(?:\[|GPU \d+:|MIG )/.test(line);
}

/** A library line belongs to the mismatch above it: "NVML library version: 580.126". */
const CONTINUATION = /^(?:NVML library version:|Make sure that the latest NVIDIA driver|Reboot the system)/i;

/**
 * Finds known error texts in output that is not XML.
 * @returns the problems, and the lines that remain to be read as data
 */
export function splitProblems(text: string): {
  readonly problems: readonly KnownProblem[];
  readonly rest: readonly string[];
} {
  const problems: KnownProblem[] = [];
  const rest: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const last = problems.at(-1);
    if (line.trim() === '') continue;
    if (CONTINUATION.test(line.trim()) && last !== undefined) {
      problems[problems.length - 1] = { ...last, text: `${last.text}\n${line.trim()}` };
      continue;
    }
    const known = isRow(line) ? null : recognizeLine(line);
    if (known === null) rest.push(line);
    else problems.push(known);
  }
  return { problems, rest };
}

/** @returns a problem for a text nobody knows */
export function unknownText(text: string): KnownProblem {
  return {
    code: 'unknown_text',
    text: text.trim().slice(0, 500),
    meaning: 'nvidia-smi printed something that is neither data nor a known error.',
    remedy: 'Run nvidia-smi in a terminal and read what it says; if it works there, try again.',
    busId: null,
    field: null,
  };
}
