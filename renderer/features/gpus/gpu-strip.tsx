/** A card per GPU, or one for the host when there is none. */
import { sayDuration } from '../../../electron/text/say.ts';
import { useEngine } from '../../api/store.ts';
import { useNow } from '../../shared/clock.ts';
import { GpuCard } from './gpu-card.tsx';
import { HostCard } from './host-card.tsx';

export function GpuStrip() {
  const gpus = useEngine((state) => state.gpus);
  const now = useNow(5_000);
  if (gpus === null) return null;
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
