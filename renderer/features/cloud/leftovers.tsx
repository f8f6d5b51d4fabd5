/** Machines with our mark that nothing here knows as live: looked for by hand, ended one by one. */
import { useState } from 'react';
import type { CloudAccount, CloudScan, Leftover } from '../../../electron/contract/cloud.ts';
import { api } from '../../api/client.ts';
import { attempt, toastDone } from '../../shared/toasts.tsx';
import { CopyText } from '../../shared/copy-text.tsx';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';

export function Leftovers({
  accounts,
  onChange,
}: {
  readonly accounts: readonly CloudAccount[];
  readonly onChange: () => void;
}) {
  const [scan, setScan] = useState<CloudScan | null>(null);
  const [busy, setBusy] = useState(false);
  const look = async (): Promise<void> => {
    setBusy(true);
    await attempt(async () => setScan(await api.scanCloud()));
    setBusy(false);
    onChange();
  };
  const end = (leftover: Leftover): void =>
    void attempt(async () => {
      await api.endLeftover({ account: leftover.account, region: leftover.region, ref: leftover.ref });
      toastDone(`The end of ${leftover.ref} was asked for`);
    }).then(look);
  return (
    <section className="cloud-box" aria-label="Leftovers">
      <div className="cloud-head">
        <h2>
          Leftovers <small>machines with our mark that nothing here knows as live</small>
        </h2>
        <Button size="small" disabled={busy} onClick={() => void look()}>
          {busy ? 'Looking…' : 'Scan for leftovers'}
        </Button>
      </div>
      {scan === null && <p className="dim">{plural(accounts.length, 'account')} would be looked through.</p>}
      {scan?.problems.map(({ account, text }) => (
        <p key={account} className="inline-error">
          {account}: {text} What it has is not known.
        </p>
      ))}
      {scan?.leftovers.length === 0 && scan.problems.length === 0 && <p role="status">No leftovers.</p>}
      <ul>
        {scan?.leftovers.map((leftover) => (
          <li key={leftover.ref} className="leftover">
            <span>
              <b className="mono">{leftover.ref}</b> in {leftover.region}, account {leftover.account}
              {!leftover.isOurs && <span className="dim"> of another install: it is left alone</span>}
            </span>
            {leftover.isOurs ? (
              <Button size="small" tone="danger" onClick={() => end(leftover)}>
                End it
              </Button>
            ) : (
              <CopyText text={leftover.command} what={`command that ends ${leftover.ref} by hand`} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
