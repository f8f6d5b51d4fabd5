/** What each of the last days cost, a bar a day, and the sum of each pool. */
import type { CloudMoney } from '../../../electron/contract/cloud.ts';
import { useEngine } from '../../api/store.ts';
import { sayUsd } from '../../shared/money-text.ts';

export function MoneyByDay({ money }: { readonly money: CloudMoney }) {
  const pools = useEngine((state) => state.pools);
  if (money.days.length === 0) return null;
  const days = new Map<string, number>();
  const byPool = new Map<string, { usd: number; unknown: boolean }>();
  for (const { day, poolId, usd } of money.days) {
    days.set(day, (days.get(day) ?? 0) + (usd ?? 0));
    const sum = byPool.get(poolId) ?? { usd: 0, unknown: false };
    byPool.set(poolId, { usd: sum.usd + (usd ?? 0), unknown: sum.unknown || usd === null });
  }
  const most = Math.max(...days.values(), 0.01);
  return (
    <section className="cloud-box" aria-label="Money by day">
      <h2>
        By day <small>the last 31 days (UTC)</small>
      </h2>
      <ol className="money-days">
        {[...days]
          .toSorted(([a], [b]) => a.localeCompare(b))
          .map(([day, usd]) => (
            <li key={day} title={`${day}: ${sayUsd(usd)}`}>
              <i style={{ height: `${Math.max(2, (usd / most) * 60)}px` }} />
              <small>{day.slice(8)}</small>
              <span className="visually-hidden">{sayUsd(usd)}</span>
            </li>
          ))}
      </ol>
      <table className="cloud-table">
        <tbody>
          {[...byPool].map(([poolId, { usd, unknown }]) => (
            <tr key={poolId}>
              <td>{pools.find(({ id }) => id === poolId)?.name ?? `${poolId} (removed)`}</td>
              <td className="figure">{sayUsd(usd, !unknown)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
