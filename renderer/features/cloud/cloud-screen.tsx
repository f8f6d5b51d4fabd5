/** The Cloud place: what is being spent, the machines that live, accounts, leftovers and what is verified gone. */
import { IconPlus } from '@tabler/icons-react';
import { formatFullTime, formatTime, plural } from '../../ui/format.ts';
import { Button } from '../../ui/button.tsx';
import { useEngine } from '../../api/store.ts';
import { openDialog } from '../../shared/view-state.ts';
import { Accounts } from './accounts.tsx';
import { EndedMachines } from './ended-machines.tsx';
import { Leftovers } from './leftovers.tsx';
import { LiveMachines } from './live-machines.tsx';
import { MoneyByDay } from './money-by-day.tsx';
import { sayUsd } from '../../shared/money-text.ts';
import { useCloud, type CloudFacts } from './use-cloud.ts';
import './cloud.css';

export function CloudScreen() {
  const { facts, problem, reload } = useCloud();
  return (
    <main className="cloud" aria-label="Cloud">
      {problem !== null && (
        <p className="inline-error" role="alert">
          {problem.message} {problem.remedy}
          {facts !== null && ` What stands below is of ${formatFullTime(facts.atMs)}.`}
        </p>
      )}
      {facts === null ? (
        problem === null && <p className="dim">Looking…</p>
      ) : (
        <>
          <Summary facts={facts} />
          <LiveMachines machines={facts.machines} />
          <Accounts accounts={facts.accounts} onChange={reload} />
          {facts.accounts.length > 0 && <Leftovers accounts={facts.accounts} onChange={reload} />}
          <MoneyByDay money={facts.money} />
          <EndedMachines machines={facts.machines} />
        </>
      )}
    </main>
  );
}

function Summary({ facts }: { readonly facts: CloudFacts }) {
  const { money, machines } = facts;
  const ends = machines.filter(({ phase }) => phase !== 'gone').map(({ endsItselfAtMs }) => endsItselfAtMs ?? 0);
  const lastMs = Math.max(0, ...ends);
  const others = useEngine((state) => state.pools).filter(({ kind }) => kind === 'ssh').length;
  return (
    <section className="cloud-box cloud-summary" aria-label="Money">
      {money.liveMachines === 0 ? (
        <div>
          <small>Cost now</small>
          <b className="dim">No machine runs. Nothing costs.</b>
        </div>
      ) : (
        <div>
          <small>Cost now</small>
          <b className="away">{sayUsd(money.perHourUsd, money.perHourIsWhole)}/h</b>{' '}
          <span className="dim">{plural(money.liveMachines, 'machine')}</span>
        </div>
      )}
      {lastMs > 0 && (
        <div>
          <small>The last ends itself</small>
          <b>{formatTime(lastMs, facts.atMs)}</b>
        </div>
      )}
      <div>
        <small>This month (UTC)</small>
        <b>{sayUsd(money.monthUsd, money.monthIsWhole)}</b>
      </div>
      {others > 0 && (
        <div>
          <small>Over SSH</small>
          <b>{plural(others, 'machine')}</b>
        </div>
      )}
      <span className="grow" />
      <Button onClick={() => openDialog({ kind: 'machine-add' })}>
        <IconPlus size={14} aria-hidden="true" /> Machine over SSH…
      </Button>
      <Button onClick={() => openDialog({ kind: 'account' })}>
        <IconPlus size={14} aria-hidden="true" /> Account…
      </Button>
    </section>
  );
}
