/**
 * A provider whose machines are in the books: what is asked for is written before the call, what comes back after it, and money is asked
 * about before anything starts. To whoever uses it, it is a provider like others.
 *
 * What the cloud does not show is not yet gone: until it was missed often and long enough, it is said to be on its way.
 */
import { ProviderError, type Machine, type MachineRequest, type Provider, type Quote } from '../ports/provider.ts';
import type { Journeys } from './journeys.ts';

export interface Books {
  readonly journeys: Journeys;
  readonly account: string;
  /** The pool of a trial now. */
  readonly poolOf: (trialId: number) => string;
  /** Why a machine may not start for money's sake; null = it may. */
  readonly refuse: (request: MachineRequest, trialId: number, quote: Quote) => string | null;
}

export function recordProvider(provider: Provider, { journeys, account, poolOf, refuse }: Books): Provider {
  const note = (attemptId: string, error: unknown): void => {
    if (!(error instanceof ProviderError)) return;
    const { code, message, remedy } = error;
    journeys.step(attemptId, { type: 'unreachable', code, message, remedy });
  };
  const seen = (machine: Machine, attemptId: string): Machine => {
    const found = machine.ref !== '';
    const offload = journeys.step(attemptId, { type: 'seen', machine, found });
    if (found || offload === null || offload.phase === 'gone' || offload.request === null) return machine;
    return { ...machine, ref: offload.machineRef ?? '', state: offload.endWanted === null ? 'pending' : 'ending' };
  };
  return {
    ...provider,
    async provision(request) {
      const { attemptId } = request;
      const trialId = trialOf(attemptId);
      const before = journeys.begin({ attemptId, trialId, poolId: poolOf(trialId), account });
      const quote =
        (before.request === null ? null : before.quote) ?? (await provider.quote(request.choice, request.machine));
      if (before.request === null) {
        const refusal = refuse(request, trialId, quote);
        if (refusal !== null)
          throw new ProviderError('quota', refusal, {
            remedy: 'Raise the budget of the pool, or choose a shorter time limit.',
          });
      }
      if (journeys.step(attemptId, { type: 'asked', request, quote }) === null)
        throw new ProviderError(
          'refused',
          'For this attempt a machine was asked for that is not verified gone, or its end is wanted: no other is started.',
        );
      try {
        return seen(await provider.provision(request), attemptId);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        const { code, message, remedy, outcomeUnknown } = error;
        const after = journeys.step(attemptId, { type: 'refused', code, message, outcomeUnknown });
        if (outcomeUnknown || after === null || after.request === null) throw error;
        // An earlier call may have made it: whoever asks has to ask for the same again, or look.
        throw new ProviderError(code, message, {
          ...(remedy === null ? {} : { remedy }),
          outcomeUnknown: true,
          cause: error,
        });
      }
    },
    async observe(request) {
      try {
        return seen(await provider.observe(request), request.attemptId);
      } catch (error) {
        note(request.attemptId, error);
        throw error;
      }
    },
    async terminate(request) {
      journeys.step(request.attemptId, { type: 'end_wanted', why: 'it is not needed any more' });
      try {
        await provider.terminate(request);
      } catch (error) {
        note(request.attemptId, error);
        throw error;
      }
    },
  };
}

/** "<engineId>-t<trial>-a<attempt>" */
export function trialOf(attemptId: string): number {
  return Number(/-t(\d+)-a\d+$/.exec(attemptId)?.[1] ?? 0);
}
