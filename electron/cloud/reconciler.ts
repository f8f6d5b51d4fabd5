/**
 * Compares the books with the clouds: at the start, every minute while a machine is not known to be gone (sooner while one
 * ends), and when somebody asks.
 * It ends what is to end and tries again for ever; it never starts anything.
 */
import { ProviderError, type Machine, type Provider } from '../ports/provider.ts';
import type { Journeys } from './journeys.ts';
import type { Offload } from './offload.ts';

const RECONCILE_MS = 60_000;
/** What is to end costs money until it is seen to be gone. */
const ENDING_MS = 10_000;

export interface Leftover {
  readonly account: string;
  readonly machine: Machine;
  /** Of this install; another's is shown and left alone. */
  readonly isOurs: boolean;
  readonly byHand: { readonly command: string; readonly url: string | null };
}

export interface Reconciler {
  /** One round over everything that is live. Never rejects. */
  round(): Promise<void>;
  /** Machines with our mark that the books do not know as live. @throws ProviderError */
  scan(account: string): Promise<Leftover[]>;
  /** A trial has used up its budget: it is to save and stop; its machine ends then as any other. Told once for each attempt. */
  onOverBudget(listener: (trialId: number, why: string) => void): void;
  close(): void;
}

export interface ReconcilerDeps {
  readonly journeys: Journeys;
  readonly engineId: string;
  /** Bare, without books. */
  readonly open: (account: string) => Promise<Provider>;
  readonly regionsOf: (account: string) => readonly string[];
  /** The attempt has ended and everything of it is at home. */
  readonly isOver: (attemptId: string) => boolean;
  /** Why a machine has to stop for money's sake; null = it may go on. */
  readonly overBudget: (offload: Offload) => string | null;
  readonly report: (text: string, error: unknown) => void;
}

export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { journeys, engineId } = deps;
  const told = new Set<string>();
  const listeners = new Set<(trialId: number, why: string) => void>();
  let running: Promise<void> | null = null;
  let isClosed = false;
  let timer: NodeJS.Timeout | null = null;

  async function look(provider: Provider, offload: Offload): Promise<void> {
    const { attemptId } = offload;
    if (offload.endWanted === null && deps.isOver(attemptId))
      journeys.step(attemptId, { type: 'end_wanted', why: 'its attempt is over' });
    else if (offload.endWanted === null && offload.request !== null) {
      const why = deps.overBudget(offload);
      if (why !== null && !told.has(attemptId)) {
        told.add(attemptId);
        for (const listener of listeners) listener(offload.trialId, why);
      }
    }
    const now = journeys.get(attemptId);
    if (now === null || now.phase === 'gone' || now.request === null) return;
    try {
      if (now.endWanted !== null) await provider.terminate(now.request);
      const machine = await provider.observe(now.request);
      const after = journeys.step(attemptId, { type: 'seen', machine, found: machine.ref !== '' });
      // It was found late: its end is not for the next round.
      if (after !== null && now.endWanted === null && after.endWanted !== null) await provider.terminate(now.request);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      journeys.step(attemptId, { type: 'unreachable', code: error.code, message: error.message, remedy: error.remedy });
    }
  }

  async function once(): Promise<void> {
    const live = journeys.live();
    for (const account of new Set(live.map((one) => one.account))) {
      const mine = live.filter((one) => one.account === account);
      let provider: Provider;
      try {
        provider = await deps.open(account);
      } catch (error) {
        const known = error instanceof ProviderError ? error : null;
        const message = known?.message ?? `The account ${account} cannot be used.`;
        for (const { attemptId } of mine)
          journeys.step(attemptId, {
            type: 'unreachable',
            code: known?.code ?? 'auth',
            message,
            remedy: known?.remedy ?? null,
          });
        if (known === null) deps.report(`the cloud account ${account} could not be opened`, error);
        continue;
      }
      try {
        for (const offload of mine) {
          if (isClosed) return;
          await look(provider, offload);
        }
      } catch (error) {
        deps.report('looking after machines failed', error);
      } finally {
        await provider.close();
      }
    }
  }

  const round = (): Promise<void> =>
    (running ??= once()
      .catch((error: unknown) => {
        deps.report('looking after machines failed', error);
      })
      .finally(() => {
        running = null;
      }));

  let lastMs = performance.now();
  const beat = (): void => {
    timer = setTimeout(() => {
      const live = journeys.live();
      const isEnding = live.some(({ endWanted, attention }) => endWanted !== null && attention === null);
      const isDue = live.length > 0 && (isEnding || performance.now() - lastMs >= RECONCILE_MS);
      if (isDue) lastMs = performance.now();
      void (isDue ? round() : Promise.resolve()).finally(() => {
        if (!isClosed) beat();
      });
    }, ENDING_MS);
    timer.unref();
  };
  beat();

  return {
    round,
    async scan(account) {
      const provider = await deps.open(account);
      try {
        const found: Leftover[] = [];
        for (const region of deps.regionsOf(account))
          for (const machine of await provider.list(region)) {
            const known = journeys.get(machine.attemptId);
            const isOurs = machine.engineId === engineId;
            if (machine.state === 'ending' || (isOurs && known !== null && known.phase !== 'gone')) continue;
            found.push({ account, machine, isOurs, byHand: provider.byHand(machine) });
          }
        return found;
      } finally {
        await provider.close();
      }
    },
    onOverBudget(listener) {
      listeners.add(listener);
    },
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
