/** The words in a row: why it waits, when it starts, how it ended. */
import { sayDuration } from '../../electron/text/say.ts';
import type { WaitingReason } from '../../electron/contract/feed.ts';
import type { GpuStatus } from '../../electron/contract/gpus.ts';
import type { Trial } from '../../electron/contract/trials.ts';
import { formatCount, formatSlots } from '../ui/format.ts';
import { Tag } from '../ui/pieces.tsx';
import type { Tone } from '../ui/pieces.tsx';

const BROKEN = new Set<WaitingReason['code']>(['impossible', 'unhealthy', 'runtime_down', 'disk_full', 'gpu_unknown']);

/** Why a queued trial waits. The engine explains the first 500 of a pool; the rest are behind those. */
export function WhyWaiting({
  reason,
  place,
}: {
  readonly reason: WaitingReason | undefined;
  readonly place: number | null;
}) {
  if (reason === undefined)
    return (
      <span className="why dim">
        {place === null || place === 1 ? 'waits for the scheduler' : `behind ${formatCount(place - 1)} others`}
      </span>
    );
  if (reason.code === 'next')
    return (
      <span className="why" title={reason.text}>
        <Tag tone="wait">{reason.text}</Tag>
      </span>
    );
  if (BROKEN.has(reason.code))
    return (
      <span className="why" title={reason.text}>
        <Tag tone="stop">{reason.text}</Tag>
      </span>
    );
  return (
    <span className="why dim" title={[reason.text, reason.remedy?.text].filter(Boolean).join('\n')}>
      {reason.text}
    </span>
  );
}

/** Where a trial runs, or what it asks for: "GPU 0", "GPU 0, 1", "2 GPUs". */
export function slotText(trial: Trial, gpus: GpuStatus | null): string {
  if (trial.leaseSlots.length === 0) return formatSlots(trial.slots);
  const labels = trial.leaseSlots.map((uuid) => gpus?.slots.find((slot) => slot.uuid === uuid)?.label ?? 'GPU ?');
  if (labels.length > 1 && labels.every((label) => label.startsWith('GPU ')))
    return `GPU ${labels.map((label) => label.slice(4)).join(', ')}`;
  return labels.join(', ');
}

/** "saved at step 48,000" or "loses 9 m since step 900": what resuming a paused trial costs. */
export function savedText(trial: Trial): { readonly tone: Tone; readonly text: string } {
  if (trial.attempt === 0) return { tone: 'hold', text: 'not started yet' };
  const { checkpoint } = trial;
  if (checkpoint === null) {
    const lost = trial.startedAtMs !== null && trial.endedAtMs !== null ? trial.endedAtMs - trial.startedAtMs : null;
    return {
      tone: 'wait',
      text: lost === null ? 'no checkpoint: starts over' : `no checkpoint: loses ${sayDuration(lost)}`,
    };
  }
  const step = checkpoint.step === null ? '' : ` step ${formatCount(checkpoint.step)}`;
  const lost = trial.endedAtMs === null ? 0 : trial.endedAtMs - checkpoint.savedAtMs;
  if (lost < 60_000) return { tone: 'hold', text: `saved at${step || ' its last checkpoint'}` };
  return { tone: 'wait', text: `loses ${sayDuration(lost)} since${step || ' its checkpoint'}` };
}

/** State of a trial as a tag. */
export function stateTag(trial: Trial): { readonly tone: Tone; readonly text: string } {
  if (trial.outcome !== null) {
    const tone: Tone = trial.outcome.kind === 'completed' ? 'go' : trial.outcome.kind === 'failed' ? 'stop' : 'hold';
    return { tone, text: trial.outcome.kind };
  }
  if (trial.frozen) return { tone: 'hold', text: 'frozen' };
  if (trial.state === 'running') return { tone: 'go', text: 'running' };
  if (trial.state === 'paused') return { tone: 'hold', text: 'paused' };
  if (trial.state === 'starting') return { tone: 'wait', text: 'starting' };
  if (trial.state === 'stopping') return { tone: 'wait', text: 'stopping' };
  return { tone: 'wait', text: 'queued' };
}
