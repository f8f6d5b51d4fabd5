/** Which directories answer at once: those on a disk of this machine. One behind a network may hang for minutes. */
import { statfs } from 'node:fs/promises';

/** What Linux calls ext2 to ext4, XFS, Btrfs, ZFS, F2FS, bcachefs and tmpfs. */
const LOCAL_KINDS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0xca451a4e, 0x01021994,
]);

/** @returns false where it cannot be told */
export async function isOnLocalDisk(dir: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return statfs(dir).then(
    ({ type }) => LOCAL_KINDS.has(type),
    () => false,
  );
}
