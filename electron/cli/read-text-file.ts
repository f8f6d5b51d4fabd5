/** A file that was named on the command line. */
import fs from 'node:fs';
import { CliError, ExitCode } from './exit-codes.ts';

/**
 * @param file absolute
 * @param whenMissing the text of a file that is not there; without it that is an error
 * @throws CliError: not found (3), or not to be read (2)
 */
export function readTextFile(file: string, whenMissing?: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
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
}
