/** After a reboot of the machine the queue goes on or holds, as its user set it. */
import type { Notices } from '../feed/notices.ts';
import type { HostProbe } from '../ports/host-probe.ts';
import type { Store } from '../store/database.ts';
import { getMeta, setMeta } from '../store/meta.ts';
import { listPools } from '../store/pools.ts';
import { readSettings } from '../store/settings.ts';
import { actOnPool } from './pools.ts';

/** Notes this boot; pauses every open pool when it is another one than the last time and the user wants that. */
export async function holdAfterReboot(
  store: Store,
  host: Pick<HostProbe, 'bootId'>,
  notices: Pick<Notices, 'raise'>,
): Promise<void> {
  const bootId = await host.bootId();
  const before = getMeta(store.db, 'boot_id');
  if (bootId === null || bootId === before) return;
  store.transact('note boot', (tx) => {
    setMeta(tx.db, 'boot_id', bootId);
  });
  if (before === null || readSettings(store.db).afterReboot !== 'hold') return;
  for (const pool of listPools(store.db)) if (pool.state === 'open') actOnPool(store, pool.id, 'pause');
  notices.raise({
    id: 'held_after_reboot',
    level: 'info',
    text: 'The machine was restarted: all pools are paused, as you set it.',
    remedy: 'Resume a pool when you are ready.',
  });
}
