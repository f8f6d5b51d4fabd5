/** Gives a stretch in the middle of a file back to the file system; the file keeps its length, the stretch reads as zeros. */
import { execa } from 'execa';

const TIMEOUT_MS = 30_000;

/**
 * Linux only: fallocate(1) of util-linux, on a file system that can (ext4, xfs, btrfs, tmpfs).
 * @param fromByte and lengthBytes should be multiples of 4096: only whole blocks are given back
 * @returns null when it worked, else why not, in words; never rejects
 */
export async function punchHole(filePath: string, fromByte: number, lengthBytes: number): Promise<string | null> {
  if (process.platform !== 'linux') return 'the middle of a file can only be dropped on Linux';
  const result = await execa(
    'fallocate',
    ['--punch-hole', '--offset', String(fromByte), '--length', String(lengthBytes), '--', filePath],
    {
      reject: false,
      timeout: TIMEOUT_MS,
      env: { LC_ALL: 'C' },
      stdin: 'ignore',
    },
  );
  if (!result.failed) return null;
  if (result.code === 'ENOENT') return 'the program fallocate (util-linux) is not installed';
  if (result.timedOut) return 'fallocate did not answer';
  const said = result.stderr.trim();
  return (said === '' ? (result.shortMessage ?? 'fallocate failed') : said).slice(0, 300);
}
