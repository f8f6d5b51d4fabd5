/**
 * A Python with packages from the package index, for tests against the real ones: that of SWITCHYARD_TEST_PYTHON where it has them, else an
 * environment made once below the system's temporary directory. Where there is neither Python nor an index, there is none.
 */
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { execa } from 'execa';

const INSTALL_MS = 5 * 60_000;

/**
 * @param packages with their versions, "dvclive==3.49.1"
 * @param modules that must be there then
 * @returns the interpreter, or why there is none
 */
export async function pythonWith(
  packages: readonly string[],
  modules: readonly string[],
): Promise<{ readonly python: string } | { readonly why: string }> {
  const has = async (python: string): Promise<boolean> =>
    (await execa(python, ['-c', `import ${modules.join(', ')}`], { reject: false })).exitCode === 0;
  const given = process.env['SWITCHYARD_TEST_PYTHON'];
  if (given !== undefined && (await has(given))) return { python: given };
  const name = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const home = path.join(os.tmpdir(), `switchyard-test-python-${name}`);
  const python = path.join(home, 'bin', 'python');
  if (existsSync(python) && (await has(python))) return { python };
  rmSync(home, { recursive: true, force: true });
  const made = await execa('python3', ['-m', 'venv', home], { reject: false });
  if (made.exitCode !== 0) return { why: 'no Python with venv on this machine' };
  const installed = await execa(python, ['-m', 'pip', 'install', '--quiet', ...packages], {
    reject: false,
    timeout: INSTALL_MS,
  });
  if (installed.exitCode === 0 && (await has(python))) return { python };
  rmSync(home, { recursive: true, force: true });
  return { why: `${packages.join(', ')} could not be installed` };
}
