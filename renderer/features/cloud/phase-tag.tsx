/** The phase of a machine, in its colour. */
import type { CloudMachine } from '../../../electron/contract/cloud.ts';
import { Tag } from '../../ui/pieces.tsx';
import type { Tone } from '../../ui/pieces.tsx';

const TONES: Readonly<Partial<Record<CloudMachine['phase'], Tone>>> = {
  running: 'go',
  booting: 'wait',
  launching: 'wait',
  terminating: 'wait',
};

export function PhaseTag({ machine }: { readonly machine: CloudMachine }) {
  if (machine.attention !== null) return <Tag tone="stop">needs attention</Tag>;
  return (
    <Tag tone={TONES[machine.phase] ?? 'away'}>
      {machine.phase === 'terminating' ? 'ending, not verified yet' : machine.phase}
    </Tag>
  );
}
