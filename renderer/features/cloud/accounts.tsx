/** Accounts at clouds: who they are, whether they may do what is needed, and what keeps their secrets. */
import { useState } from 'react';
import type { CloudAccount } from '../../../electron/contract/cloud.ts';
import { api } from '../../api/client.ts';
import { attempt, toastDone } from '../../shared/toasts.tsx';
import { openDialog } from '../../shared/view-state.ts';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';
import { Tag } from '../../ui/pieces.tsx';
import { FindingList } from './finding-list.tsx';

export function Accounts({
  accounts,
  onChange,
}: {
  readonly accounts: readonly CloudAccount[];
  readonly onChange: () => void;
}) {
  return (
    <section className="cloud-box" aria-label="Accounts">
      <h2>Accounts</h2>
      {accounts.length === 0 && (
        <p className="dim">
          None. With an account at AWS a trial can be moved to a machine that is made for it and ends itself. A machine
          that you reach by ssh needs none.
        </p>
      )}
      <ul>
        {accounts.map((account) => (
          <AccountRow key={account.name} account={account} onChange={onChange} />
        ))}
      </ul>
    </section>
  );
}

function AccountRow({ account, onChange }: { readonly account: CloudAccount; readonly onChange: () => void }) {
  const [busy, setBusy] = useState(false);
  const { lastCheck } = account;
  const test = async (): Promise<void> => {
    setBusy(true);
    await attempt(() => api.testCloudAccount(account.name));
    setBusy(false);
    onChange();
  };
  const remove = (): void =>
    void attempt(async () => {
      await api.deleteCloudAccount(account.name);
      toastDone(`Account ${account.name} removed, with its credentials`);
    }).then(onChange);
  const open = lastCheck?.findings.filter(({ level }) => level !== 'ok') ?? [];
  return (
    <li className="account">
      <div className="cloud-head">
        <span>
          <b>{account.name}</b> {account.simulated && <Tag tone="plain">simulated, costs nothing</Tag>}{' '}
          {lastCheck !== null && (
            <Tag tone={lastCheck.ok ? (open.length === 0 ? 'go' : 'wait') : 'stop'}>
              {lastCheck.ok ? 'can be used' : 'needs attention'}
            </Tag>
          )}
          <span className="dim block">
            AWS, {account.shown}
            {lastCheck?.identity != null && `, ${lastCheck.identity}`}. Kept by {account.sealedBy}.
            {account.pools.length > 0 && ` Used by ${plural(account.pools.length, 'pool')}.`}
            {account.liveMachines > 0 && ` ${plural(account.liveMachines, 'machine')} of it not known to be gone.`}
          </span>
        </span>
        <span className="account-buttons">
          <Button size="small" disabled={busy} aria-label={`Check ${account.name}`} onClick={() => void test()}>
            {busy ? 'Checking…' : 'Check again'}
          </Button>
          <Button
            size="small"
            aria-label={`New credentials for ${account.name}`}
            onClick={() => openDialog({ kind: 'account', name: account.name })}
          >
            New credentials…
          </Button>
          <Button size="small" aria-label={`Remove ${account.name}`} onClick={remove}>
            Remove
          </Button>
        </span>
      </div>
      {open.length > 0 && <FindingList findings={open} />}
    </li>
  );
}
