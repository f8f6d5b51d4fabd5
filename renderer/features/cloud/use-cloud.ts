/** What the Cloud place shows: asked for while it is open, and again when something there was done. */
import { useCallback, useEffect, useState } from 'react';
import type { CloudAccount, CloudMachine, CloudMoney } from '../../../electron/contract/cloud.ts';
import { api } from '../../api/client.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';
import { useEngine } from '../../api/store.ts';
import { useView } from '../../shared/view-state.ts';

export interface CloudFacts {
  readonly accounts: readonly CloudAccount[];
  readonly machines: readonly CloudMachine[];
  readonly money: CloudMoney;
  readonly atMs: number;
}

/** Costs rise with the time, without anything happening. */
const AGAIN_MS = 10_000;

export interface CloudView {
  /** null before the first answer. */
  readonly facts: CloudFacts | null;
  readonly problem: ApiError | null;
  readonly reload: () => void;
}

export function useCloud(): CloudView {
  const connected = useEngine((state) => state.connection === 'live');
  // A dialog that closes may have changed what is there.
  const dialog = useView((state) => state.dialog);
  const [facts, setFacts] = useState<CloudFacts | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    if (!connected) return;
    const control = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const [{ accounts }, { machines }, money] = await Promise.all([
          api.cloudAccounts(control.signal),
          api.cloudMachines(control.signal),
          api.cloudMoney(control.signal),
        ]);
        setFacts({ accounts, machines, money, atMs: Date.now() });
        setProblem(null);
      } catch (error) {
        if (!control.signal.aborted) setProblem(toApiError(error));
      }
    };
    void load();
    const timer = setInterval(() => void load(), AGAIN_MS);
    return () => {
      control.abort();
      clearInterval(timer);
    };
  }, [connected, dialog, asked]);
  return { facts, problem, reload: useCallback(() => setAsked((count) => count + 1), []) };
}
