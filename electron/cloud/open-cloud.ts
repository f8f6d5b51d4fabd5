/** The rented side of the house: accounts, books, budgets, and who looks after machines; what the runtime of pools elsewhere and the API use. */
import type {
  CloudMachine,
  CloudMoney,
  CloudOffload,
  Leftover as LeftoverView,
  MachineCatalogue,
  MachineType,
  PoolPrice,
} from '../contract/cloud.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { AwsTarget, TargetCheck } from '../contract/targets.ts';
import type { Clock } from '../ports/clock.ts';
import type { CloudOpener } from '../ports/cloud-opener.ts';
import { ProviderError, type Machine, type MachineRequest, type Provider, type Quote } from '../ports/provider.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { getAttempt } from '../store/attempts.ts';
import { listRegions } from '../store/cloud-accounts.ts';
import type { Store } from '../store/database.ts';
import { listOffloadEvents } from '../store/offloads.ts';
import { getPool } from '../store/pools.ts';
import { getTrialRow } from '../store/trials.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { findMachineType, resolveMachineType, resolveRegion, worstCaseUsd } from './catalogue.ts';
import { createJourneys, type Journeys } from './journeys.ts';
import { costUsd, moneyByDay, monthStartMs, overBudget, refuseStart, sumUsd } from './money.ts';
import type { Beat } from './agent-protocol.ts';
import { isBefore, type Offload } from './offload.ts';
import { createReconciler, type Leftover, type Reconciler } from './reconciler.ts';
import { recordProvider, trialOf } from './recorded-provider.ts';

const DAY_MS = 86_400_000;
const HISTORY_DAYS = 62;

const PHASE_OF: Readonly<Record<string, 'booting' | 'running' | 'draining'>> = {
  running: 'running',
  collecting: 'draining',
};

export interface Cloud {
  readonly catalogue: MachineCatalogue;
  readonly accounts: Accounts;
  readonly journeys: Journeys;
  readonly reconciler: Reconciler;
  /** Whoever starts machines does it through the books. @throws SwitchyardError not_found; ProviderError */
  open(target: AwsTarget): Promise<Provider>;
  /** With the provider's own names in place of generic ones. @throws SwitchyardError invalid_request */
  resolve(target: AwsTarget): AwsTarget;
  /** What one machine of it has; null = no GPU, or a type nobody knows. */
  gpusOf(target: AwsTarget): MachineType['gpu'];
  /** What stands against a pool of this target. Never rejects. */
  check(target: AwsTarget): Promise<TargetCheck>;
  /** What the agent of an attempt does now; of machines that are not rented nothing is kept. */
  noteAgent(attemptId: string, agentPhase: Beat['phase']): void;
  /** A machine was asked for, ended, or needs somebody. The listener must not throw. */
  onChange(listener: () => void): void;
  machines(): CloudMachine[];
  /** @throws SwitchyardError not_found */
  journey(attemptId: string): CloudOffload;
  money(days: number): CloudMoney;
  /** Of a machine of a pool. @throws SwitchyardError not_found */
  price(poolId: string): Promise<PoolPrice>;
  scan(): Promise<{ leftovers: LeftoverView[]; problems: { account: string; text: string }[] }>;
  /** Ends a machine that was left over. @throws SwitchyardError not_found, illegal_state; ProviderError */
  endLeftover(account: string, region: string, ref: string): Promise<void>;
  close(): void;
}

export interface CloudDeps {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly opener: CloudOpener;
  readonly catalogue: MachineCatalogue;
  readonly clock: Clock;
  readonly engineId: string;
  readonly report: (text: string, error: unknown) => void;
}

export function openCloud(deps: CloudDeps): Cloud {
  const { store, secrets, opener, catalogue, clock, engineId } = deps;
  const { db } = store;
  const nowMs = (): number => clock.nowMs();
  const listeners: (() => void)[] = [];
  const journeys = createJourneys(store, () => {
    for (const listener of listeners) listener();
  });
  const accounts = createAccounts({
    store,
    secrets,
    opener,
    engineId,
    nowMs,
    resolve: (target) => resolveTarget(target),
    scan: async (account) => (await reconciler.scan(account)).filter(({ isOurs }) => isOurs).length,
  });
  const targetOf = (poolId: string): AwsTarget | null => {
    const target = getPool(db, poolId)?.target;
    return target?.provider === 'aws' ? target : null;
  };
  const spentBy = (trialId: number, poolId: string) => ({
    ofTrial: journeys.ofTrial(trialId),
    ofPool: journeys.since(monthStartMs(nowMs())).filter((one) => one.poolId === poolId),
  });
  const reconciler = createReconciler({
    journeys,
    engineId,
    open: (account) => accounts.open(account),
    regionsOf: (account) => listRegions(db, account),
    isOver: (attemptId) => {
      const attempt = getAttempt(db, trialOf(attemptId), Number(/-a(\d+)$/.exec(attemptId)?.[1]));
      return attempt !== null && attempt.endedAtMs !== null;
    },
    overBudget: (offload) => {
      const target = targetOf(offload.poolId);
      return target === null ? null : overBudget(target, spentBy(offload.trialId, offload.poolId), nowMs());
    },
    report: deps.report,
  });

  function resolveTarget(target: AwsTarget): AwsTarget {
    return {
      ...target,
      machineType: resolveMachineType(catalogue, target.machineType),
      regions: target.regions.map((region) => resolveRegion(catalogue, region)),
    };
  }

  function refuse(target: AwsTarget, request: MachineRequest, trialId: number, quote: Quote): string | null {
    const poolId = getTrialRow(db, trialId)?.poolId ?? '';
    const hours = ((request.deadlineMs ?? request.requestedAtMs) - request.requestedAtMs) / 3_600_000;
    return refuseStart(target, spentBy(trialId, poolId), quote, hours, nowMs());
  }

  async function withBare<T>(account: string, use: (provider: Provider) => Promise<T>): Promise<T> {
    const provider = await accounts.open(account);
    try {
      return await use(provider);
    } finally {
      await provider.close();
    }
  }

  const view = (offload: Offload): CloudMachine => {
    const { request, quote } = offload;
    return {
      attemptId: offload.attemptId,
      trialId: offload.trialId,
      poolId: offload.poolId,
      account: offload.account,
      phase: offload.phase,
      phaseSinceMs: offload.phaseSinceMs,
      ref: offload.machineRef,
      region: request?.choice.region ?? null,
      machineType: request?.choice.machineType ?? null,
      spot: request?.choice.spot ?? false,
      perHourUsd: quote === null || quote.perHourUsd === null ? null : quote.perHourUsd + (quote.diskPerHourUsd ?? 0),
      priceSource: quote?.source ?? null,
      costUsd: costUsd(offload, nowMs()),
      billedFromMs: offload.billedFromMs,
      endsItselfAtMs: request?.deadlineMs ?? null,
      preempted: offload.preempted,
      endWanted: offload.endWanted,
      attention: offload.attention,
      goneAtMs: offload.goneAtMs,
      byHand:
        offload.machineRef === null || request === null
          ? null
          : `aws ec2 terminate-instances --region ${request.choice.region} --instance-ids ${offload.machineRef}`,
    };
  };

  return {
    catalogue,
    accounts,
    journeys,
    reconciler,
    async open(target) {
      const provider = await accounts.open(target.account);
      return recordProvider(provider, {
        journeys,
        account: target.account,
        poolOf: (trialId) => getTrialRow(db, trialId)?.poolId ?? '',
        refuse: (request, trialId, quote) => refuse(target, request, trialId, quote),
      });
    },
    resolve: resolveTarget,
    gpusOf: ({ machineType }) => findMachineType(catalogue, catalogue.aliases[machineType] ?? machineType)?.gpu ?? null,
    async check(target) {
      try {
        const { regions, machineType, spot } = resolveTarget(target);
        const choices = regions.map((region) => ({ region, machineType, spot }));
        const findings = [...(await withBare(target.account, (provider) => provider.check(choices)))];
        return { usable: findings.every(({ level }) => level !== 'error'), findings, machine: null };
      } catch (error) {
        if (!(error instanceof ProviderError) && !(error instanceof SwitchyardError)) throw error;
        const finding = { id: 'account', level: 'error' as const, text: error.message, remedy: error.remedy ?? null };
        return { usable: false, findings: [finding], machine: null };
      }
    },
    noteAgent(attemptId, agentPhase) {
      const phase = PHASE_OF[agentPhase ?? 'fetching'] ?? 'booting';
      const known = journeys.get(attemptId);
      if (known !== null && isBefore(known.phase, phase)) journeys.step(attemptId, { type: 'went_on', phase });
    },
    onChange(listener) {
      listeners.push(listener);
    },
    machines: () => journeys.since(nowMs() - HISTORY_DAYS * DAY_MS, 500).map(view),
    journey(attemptId) {
      const offload = journeys.get(attemptId);
      if (offload === null) throw new SwitchyardError('not_found', `No machine was ever asked for by ${attemptId}.`);
      return {
        ...view(offload),
        events: listOffloadEvents(db, attemptId).map(({ atMs, phase, text }) => ({ atMs, phase, text })),
      };
    },
    money(days) {
      const all = journeys.since(nowMs() - days * DAY_MS);
      const live = all.filter(({ phase, request }) => phase !== 'gone' && request !== null);
      const month = sumUsd(all, nowMs(), monthStartMs(nowMs()));
      return {
        days: moneyByDay(all, nowMs(), days),
        monthUsd: month.usd,
        monthIsWhole: month.isWhole,
        liveMachines: live.length,
        perHourUsd: live.reduce((sum, { quote }) => sum + (quote?.perHourUsd ?? 0) + (quote?.diskPerHourUsd ?? 0), 0),
        perHourIsWhole: live.every(({ quote }) => quote?.perHourUsd != null),
      };
    },
    async price(poolId) {
      const pooled = targetOf(poolId);
      if (pooled === null) throw new SwitchyardError('not_found', `There is no pool ${poolId} that rents machines.`);
      const { regions, machineType, spot, timeLimitHours, ...target } = resolveTarget(pooled);
      const choice = { region: regions[0] ?? '', machineType, spot };
      const quote = await withBare(target.account, (provider) => provider.quote(choice, target));
      const worst = worstCaseUsd(quote, timeLimitHours);
      const ofPool = journeys.since(monthStartMs(nowMs())).filter((one) => one.poolId === poolId);
      return {
        perHourUsd: quote.perHourUsd,
        diskPerHourUsd: quote.diskPerHourUsd,
        hours: timeLimitHours,
        worstCaseUsd: worst?.usd ?? null,
        worstCaseIsWhole: worst !== null && !worst.withoutDisk,
        source: quote.source,
        refusal: refuseStart(target, { ofTrial: [], ofPool }, quote, timeLimitHours, nowMs()),
      };
    },
    async scan() {
      await reconciler.round();
      const leftovers: LeftoverView[] = [];
      const problems: { account: string; text: string }[] = [];
      for (const { name } of accounts.list())
        try {
          leftovers.push(...(await reconciler.scan(name)).map(viewLeftover));
        } catch (error) {
          problems.push({ account: name, text: error instanceof Error ? error.message : 'It could not be looked at.' });
        }
      return { leftovers, problems };
    },
    async endLeftover(account, region, ref) {
      await withBare(account, async (provider) => {
        const machine: Machine | undefined = (await provider.list(region)).find((one) => one.ref === ref);
        if (machine === undefined) throw new SwitchyardError('not_found', `${ref} is not there any more.`);
        if (machine.engineId !== engineId)
          throw new SwitchyardError('illegal_state', `${ref} was started by another install, which may need it.`, {
            remedy: `End it from there, or by hand: ${provider.byHand(machine).command}`,
          });
        const known = journeys.get(machine.attemptId);
        if (known !== null && known.phase !== 'gone')
          throw new SwitchyardError('illegal_state', `${ref} works for trial ${known.trialId}.`, {
            remedy: `Cancel the trial: switchyard cancel ${known.trialId}`,
          });
        await provider.terminate({
          attemptId: machine.attemptId,
          engineId,
          choice: { region, machineType: '', spot: false },
        });
      });
    },
    close: () => {
      reconciler.close();
    },
  };
}

function viewLeftover({ account, machine, isOurs, byHand }: Leftover): LeftoverView {
  const { ref, region, attemptId, startedAtMs, deadlineMs } = machine;
  return { account, ref, region, attemptId, isOurs, startedAtMs, endsItselfAtMs: deadlineMs, ...byHand };
}
