/** The machine itself, for when there is no GPU: CPU, memory and disk in one line. */
import { sayMemory, sayMemoryOf } from '../../../electron/text/say.ts';
import type { GpuStatus } from '../../../electron/contract/gpus.ts';
import { Button } from '../../ui/button.tsx';
import { Meter } from '../../ui/pieces.tsx';
import { askDoctor } from '../../shared/view-state.ts';

export function HostCard({ status }: { readonly status: GpuStatus }) {
  const { host } = status;
  const share = (part: number | null, whole: number | null): number =>
    part === null || whole === null || whole === 0 ? 0 : part / whole;
  const diskUsed =
    host === null || host.diskTotalMiB === null || host.diskFreeMiB === null
      ? null
      : host.diskTotalMiB - host.diskFreeMiB;
  return (
    <article className="host-card" aria-label="This machine">
      <div className="host-words">
        <b>{host?.hostname ?? 'This machine'}</b>
        <span className="dim">no GPU found: trials run on the CPU</span>
        <Button size="small" tone="plain" onClick={askDoctor}>
          Why? Run the doctor
        </Button>
      </div>
      {host !== null && (
        <div className="host-meters">
          <div>
            <span>
              <b>CPU</b>
              <span className="dim">
                {host.cpuPct === null ? '' : `${Math.round(host.cpuPct)}% of `}
                {host.cpuCount} cores
              </span>
            </span>
            <Meter value={(host.cpuPct ?? 0) / 100} label="CPU in use" />
          </div>
          <div>
            <span>
              <b>Memory</b>
              <span className="dim">{sayMemoryOf(host.memoryUsedMiB, host.memoryTotalMiB)}</span>
            </span>
            <Meter value={share(host.memoryUsedMiB, host.memoryTotalMiB)} label="Memory in use" />
          </div>
          <div>
            <span>
              <b>Disk</b>
              <span className="dim">{host.diskFreeMiB === null ? '' : `${sayMemory(host.diskFreeMiB)} free`}</span>
            </span>
            <Meter value={share(diskUsed, host.diskTotalMiB)} label="Disk in use" />
          </div>
        </div>
      )}
    </article>
  );
}
