/** Whether this user's systemd manager stays after the last logout. */
import { execFile } from 'node:child_process';
import os from 'node:os';

const PATIENCE_MS = 2_000;

/** @returns null where that cannot be told (no systemd); never rejects */
export function readLingering(): Promise<boolean | null> {
  return new Promise((resolve) => {
    execFile(
      'loginctl',
      ['show-user', String(os.userInfo().uid), '--property=Linger', '--value'],
      { timeout: PATIENCE_MS, killSignal: 'SIGKILL', env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout) => resolve(error === null ? ({ yes: true, no: false }[stdout.trim()] ?? null) : null),
    );
  });
}
