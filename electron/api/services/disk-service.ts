/** What takes the room on the disk, and giving some of it back. */
import type { DiskUse, FreedDisk } from '../../contract/disk.ts';
import type { WorkFreer } from '../../trials/removal/free-work.ts';
import type { Room } from '../../trials/removal/room.ts';

export interface DiskService {
  diskUse(): Promise<DiskUse>;
  /** Working copies of ended trials that hold nothing but their snapshot. */
  freeWork(): Promise<FreedDisk>;
}

export function createDiskService(deps: { readonly room: Room; readonly freer: WorkFreer }): DiskService {
  return { diskUse: () => deps.room.use(), freeWork: () => deps.freer.freeAll() };
}
