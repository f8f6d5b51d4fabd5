/** Small outputs of nvidia-smi in its different styles, written for these tests. */

export interface XmlGpu {
  readonly busId?: string;
  readonly uuid?: string;
  readonly inner?: string;
}

/** @param inner XML that goes into the <gpu> element after name and UUID */
export function smiXml(
  gpus: readonly XmlGpu[],
  head = '<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">\n',
  driver = '550.10',
): string {
  const bodies = gpus
    .map(
      ({ busId, uuid, inner }, order) => `
  <gpu id="${busId ?? `00000000:0${order + 1}:00.0`}">
    <product_name>NVIDIA Test ${order}</product_name>
    <uuid>${uuid ?? `GPU-1111000${order}-0000-0000-0000-000000000000`}</uuid>
    ${inner ?? ''}
  </gpu>`,
    )
    .join('');
  return `${head}<nvidia_smi_log>\n  <driver_version>${driver}</driver_version>\n  <attached_gpus>${gpus.length}</attached_gpus>${bodies}\n</nvidia_smi_log>\n`;
}

export const MEMORY =
  '<fb_memory_usage><total>24564 MiB</total><reserved>402 MiB</reserved><used>1200 MiB</used><free>22963 MiB</free></fb_memory_usage>';
export const CALM =
  '<performance_state>P8</performance_state><utilization><gpu_util>3 %</gpu_util></utilization><temperature><gpu_temp> 37 C </gpu_temp></temperature>';

export const HEADER =
  'index, uuid, name, pci.bus_id, memory.total [MiB], memory.used [MiB], memory.free [MiB], utilization.gpu [%], temperature.gpu, pstate, power.draw [W]';

export function gpuRow(
  index: number,
  change: Partial<
    Record<'uuid' | 'name' | 'total' | 'used' | 'free' | 'use' | 'temp' | 'pstate' | 'power', string>
  > = {},
): string {
  return [
    index,
    change.uuid ?? `GPU-2222000${index}-0000-0000-0000-000000000000`,
    change.name ?? 'NVIDIA Test',
    `00000000:0${index + 1}:00.0`,
    change.total ?? '24564 MiB',
    change.used ?? '900 MiB',
    change.free ?? '23260 MiB',
    change.use ?? '12 %',
    change.temp ?? '51',
    change.pstate ?? 'P2',
    change.power ?? '80.55 W',
  ].join(', ');
}
