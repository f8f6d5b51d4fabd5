/** A card per GPU of the machine whose queue is shown, or one for the host when this one has none. */
import { sayDuration } from '../../../electron/text/say.ts';
import type { GpuStatus, MachineGpus } from '../../../electron/contract/gpus.ts';
import { useEngine } from '../../api/store.ts';
import { useNow } from '../../shared/clock.ts';
import { useView } from '../../shared/view-state.ts';
import { GpuCard } from './gpu-card.tsx';
import { HostCard } from './host-card.tsx';

export function GpuStrip() {
  const gpus = useEngine((state) => state.gpus);
  const poolId = useView((state) => state.poolId);
  const now = useNow(5_000);
  if (gpus === null) return null;
  const machine = gpus.elsewhere?.find((other) => other.poolId === poolId);
  if (machine !== undefined) return <MachineStrip machine={machine} status={gpus} />;
  return (
    <section className="gpu-strip" aria-label="GPUs">
      {/* A fault of the whole reading stands above everything, as a notice. */}
      {gpus.stale && gpus.takenAtMs !== null && gpus.problem === null && (
        <div className="gpu-problem" role="status">
          GPU readings are {sayDuration(now - gpus.takenAtMs)} old: nvidia-smi does not answer. Nothing new starts on a
          GPU until it does.
        </div>
      )}
      {gpus.gpus.length === 0 ? (
        <HostCard status={gpus} />
      ) : (
        <div className="gpu-cards">
          {gpus.gpus.map((gpu) => (
            <GpuCard key={gpu.uuid} gpu={gpu} status={gpus} />
          ))}
        </div>
      )}
    </section>
  );
}

/** The GPUs of a machine elsewhere, as they were read last. */
function MachineStrip({ machine, status }: { readonly machine: MachineGpus; readonly status: GpuStatus }) {
  const { host, problem, gpus, stale, takenAtMs } = machine;
  return (
    <section className="gpu-strip" aria-label={`GPUs of ${host}`}>
      {problem !== null && (
        <div className="gpu-problem" role="status">
          {problem}
        </div>
      )}
      {problem === null && gpus.length === 0 && (
        <div className="gpu-problem" role="status">
          {takenAtMs === null
            ? `Reading the GPUs of ${host}…`
            : `${host} has no GPU: trials without one can run there.`}
        </div>
      )}
      <div className="gpu-cards">
        {gpus.map((gpu) => (
          <GpuCard key={gpu.uuid} gpu={gpu} status={{ ...status, stale, takenAtMs }} />
        ))}
      </div>
    </section>
  );
}
