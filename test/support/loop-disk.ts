/** A disk of its own for a test: an ext4 file system in an image, on a loop device. Needs root and loop devices. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const MIB = 1024 * 1024;
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

export interface LoopDisk {
  /** Where it is mounted. */
  readonly at: string;
  /**
   * Copies what is on the disk at one instant, as a power cut would leave it: what waits in memory is not in it.
   * @returns false when something was written meanwhile, and the copy is of no single instant
   */
  copyTo(file: string): boolean;
  /** Takes it out; what still has files open there keeps them. */
  unmount(): void;
}

/** @returns an image with an empty file system */
export function makeImage(file: string, sizeMiB: number): string {
  writeFileSync(file, '');
  truncateSync(file, sizeMiB * MIB);
  run('mkfs.ext4', '-q', '-F', file);
  return file;
}

export function mountImage(image: string, at: string): LoopDisk {
  mkdirSync(at, { recursive: true });
  const device = run('losetup', '--find', '--show', image);
  try {
    run('mount', '-t', 'ext4', device, at);
  } catch (error) {
    run('losetup', '--detach', device);
    throw error;
  }
  // Writes that came to the device, and those on their way.
  const writes = (): string => {
    const fields = readFileSync(`/sys/block/${path.basename(device)}/stat`, 'utf8')
      .trim()
      .split(/\s+/);
    return `${fields[4] ?? ''} ${fields[6] ?? ''} ${fields[8] ?? ''}`;
  };
  return {
    at,
    copyTo(file) {
      const before = writes();
      run('cp', '--sparse=always', image, file);
      return before.endsWith(' 0') && writes() === before;
    },
    unmount() {
      run('umount', '--lazy', at);
      run('losetup', '--detach', device);
    },
  };
}

/** Whether all of that can be done here. */
export function canMountImages(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-loop-'));
  try {
    mountImage(makeImage(path.join(dir, 'image'), 8), path.join(dir, 'at')).unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
