/** What the tray says. Pure. */

export interface TrialCounts {
  /** Starting, running or stopping. */
  readonly active: number;
  readonly queued: number;
  readonly paused: number;
}

export interface TrayFacts extends TrialCounts {
  /** The engine answers; false when it runs on its own and has gone. */
  readonly isReachable: boolean;
  /** It has answered once. */
  readonly isLoaded: boolean;
  readonly anyPoolOpen: boolean;
}

export interface TrayText {
  readonly tooltip: string;
  readonly summary: string;
  readonly poolsLabel: string;
  readonly poolsAction: 'pause' | 'resume';
  readonly isBusy: boolean;
}

export function trayText(facts: TrayFacts): TrayText {
  const parts = [`${facts.active} running`, `${facts.queued} queued`];
  if (facts.paused > 0) parts.push(`${facts.paused} paused`);
  const idle = facts.active === 0 && facts.queued === 0 && facts.paused === 0;
  const summary = !facts.isLoaded
    ? 'The engine is starting'
    : !facts.isReachable
      ? 'The engine does not answer'
      : idle
        ? 'Nothing queued'
        : parts.join(', ');
  return {
    summary,
    tooltip: `Switchyard: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`,
    poolsLabel: facts.anyPoolOpen ? 'Pause all pools' : 'Resume all pools',
    poolsAction: facts.anyPoolOpen ? 'pause' : 'resume',
    isBusy: facts.isReachable && facts.active > 0,
  };
}
