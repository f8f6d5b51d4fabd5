/** Tells whether the machine was started again since something was noted. Wall-clock times cannot: the clock may have jumped. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let known: string | undefined;

/** @returns text that changes with every boot (Linux, macOS); elsewhere the same text for ever */
export function readBootId(): string {
  known ??= ask();
  return known;
}

function ask(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    if (process.platform === 'darwin')
      return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  } catch {
    // A sandbox without /proc.
  }
  return 'unknown';
}
