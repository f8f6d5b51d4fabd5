/** A file that was named on the command line. */
import fs from 'node:fs';
import { CliError, ExitCode, usageError } from './exit-codes.ts';

const MIB = 1024 * 1024;
const LARGEST_MIB = 16;
const PIECE_BYTES = 64 * 1024;

/**
 * @param file absolute
 * @param whenMissing the text of a file that is not there; without it that is an error
 * @param largestMiB of more nothing is read; a device or a pipe tells no size before
 * @throws CliError: not found (3), too large or not to be read (2)
 */
export function readTextFile(file: string, whenMissing?: string, largestMiB = LARGEST_MIB): string {
  let bytes: Buffer | null;
  try {
    bytes = readAtMost(file, largestMiB * MIB);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && whenMissing !== undefined) return whenMissing;
    throw new CliError(
      missing ? ExitCode.notFound : ExitCode.usage,
      missing
        ? `There is no file ${file}.`
        : `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (bytes === null) throw usageError(`${file} is larger than ${largestMiB} MiB; that is no file of this kind.`);
  return bytes.toString('utf8');
}

/** @returns null when there is more */
function readAtMost(file: string, most: number): Buffer | null {
  const descriptor = fs.openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let total = 0; total <= most;) {
      const piece = Buffer.alloc(PIECE_BYTES);
      const length = fs.readSync(descriptor, piece);
      if (length === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, length));
      total += length;
    }
    return null;
  } finally {
    fs.closeSync(descriptor);
  }
}
