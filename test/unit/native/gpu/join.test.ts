import { describe, expect, it } from 'vitest';
import { understandCapture } from '../../../../native/gpu/understand-capture.ts';
import { CALM, HEADER, MEMORY, gpuRow, smiXml } from './fixtures.ts';

const UUIDS = ['GPU-22220000-0000-0000-0000-000000000000', 'GPU-22220001-0000-0000-0000-000000000000'];

function understand(...texts: readonly string[]): ReturnType<typeof understandCapture> {
  return understandCapture(texts.map((text, at) => ({ name: `file-${at}`, text })));
}

describe('several captures of one machine', () => {
  it('joins CSV, XML, the list and processes by UUID, in any order of files', () => {
    const csv = [HEADER, gpuRow(0), gpuRow(1)].join('\n');
    const xml = smiXml([{ uuid: UUIDS[0], inner: `<minor_number>3</minor_number>${MEMORY}` }, { uuid: UUIDS[1] }]);
    const list = UUIDS.map((uuid, index) => `GPU ${index}: NVIDIA Test (UUID: ${uuid})`).join('\n');
    const apps = `gpu_uuid, pid, process_name, used_gpu_memory [MiB]\n${UUIDS[1]}, 9, x, 5 MiB`;
    for (const files of [
      [csv, xml, list, apps],
      [apps, list, xml, csv],
    ]) {
      const { gpus, processes } = understand(...files);
      expect(gpus.map(({ index, minor, memoryTotalMiB }) => [index, minor, memoryTotalMiB])).toEqual([
        [0, 3, 24564],
        [1, null, 24564],
      ]);
      expect(gpus[1]?.processes).toMatchObject([{ pid: 9, usedMiB: 5 }]);
      expect(processes).toHaveLength(1);
    }
  });
  it('does not join by index what has another UUID: cards were swapped between two captures', () => {
    const before = [HEADER, gpuRow(0)].join('\n');
    const after = `GPU 0: NVIDIA Other (UUID: ${UUIDS[1]})`;
    const { gpus } = understand(before, after);
    expect(gpus.map(({ uuid }) => uuid).sort()).toEqual(UUIDS);
  });
  it('joins MIG names of the list with MIG memory of the XML by index', () => {
    const device = (index: number, gi: number, total: number): string =>
      `<mig_device><index>${index}</index><gpu_instance_id>${gi}</gpu_instance_id>` +
      `<compute_instance_id>0</compute_instance_id>` +
      `<fb_memory_usage><total>${total} MiB</total><used>1 MiB</used><free>${total - 1} MiB</free></fb_memory_usage></mig_device>`;
    const xml = smiXml([
      { uuid: UUIDS[0], inner: `<mig_devices>${device(0, 2, 40000)}${device(1, 9, 9800)}</mig_devices>` },
    ]);
    const list = `GPU 0: NVIDIA Test (UUID: ${UUIDS[0]})\n  MIG 3g.40gb     Device  0: (UUID: MIG-a)\n  MIG 1g.10gb     Device  1: (UUID: MIG-b)\n`;
    expect(understand(list, xml).mig).toMatchObject([
      {
        index: 0,
        uuid: 'MIG-a',
        profile: '3g.40gb',
        gpuInstance: 2,
        memoryTotalMiB: 40000,
        gpuUuid: UUIDS[0],
        gpuIndex: 0,
      },
      { index: 1, uuid: 'MIG-b', profile: '1g.10gb', gpuInstance: 9, memoryTotalMiB: 9800 },
    ]);
  });
  it('keeps GPUs apart whose masked UUIDs are equal', () => {
    const masked = 'GPU-00000000-0000-0000-0000-000000000000';
    const xml = smiXml([
      { uuid: masked, inner: MEMORY },
      { uuid: masked, inner: CALM },
    ]);
    const list = [0, 1].map((index) => `GPU ${index}: NVIDIA Test ${index} (UUID: ${masked})`).join('\n');
    expect(understand(xml, list).gpus.map(({ index, busId }) => [index, busId])).toEqual([
      [0, '00000000:01:00.0'],
      [1, '00000000:02:00.0'],
    ]);
  });
  it('gives a dead row its UUID from the list', () => {
    const csv = [HEADER, gpuRow(0), Array.from({ length: 11 }, () => '[Unknown Error]').join(', ')].join('\n');
    const list = UUIDS.map((uuid, index) => `GPU ${index}: NVIDIA Test (UUID: ${uuid})`).join('\n');
    const { gpus } = understand(csv, list);
    expect(gpus.map(({ uuid, health }) => [uuid, health.ok])).toEqual([
      [UUIDS[0], true],
      [UUIDS[1], false],
    ]);
  });
  it('matches processes by a short bus id, and keeps those of unknown GPUs', () => {
    const csv = [HEADER, gpuRow(0)].join('\n');
    const apps =
      'gpu_bus_id, pid, process_name, used_gpu_memory [MiB]\n0000:01:00.0, 5, a, 1 MiB\n0000:77:00.0, 6, b, 1 MiB';
    const { gpus, processes } = understand(csv, apps);
    expect(gpus[0]?.processes.map(({ pid }) => pid)).toEqual([5]);
    expect(processes.map(({ pid }) => pid)).toEqual([5, 6]);
  });
  it('does not take two bus ids of an unknown form for one', () => {
    const xml = smiXml([
      { uuid: 'N/A', busId: '0:1:0' },
      { uuid: 'N/A', busId: '0:2:0' },
    ]);
    expect(understand(xml, xml).gpus.map(({ busId }) => busId)).toEqual(['0:1:0', '0:2:0']);
  });
  it('says what to save instead of a table for people, and of rows without a header', () => {
    expect(understand('+-----------+\n| NVIDIA-SMI 580 |\n').warnings.join()).toMatch(/-q -x/);
    expect(understand('0, GPU-1, 5 MiB, 7 MiB').warnings.join()).toMatch(/noheader/);
    expect(understand('hello').problem?.text).toBe('hello');
    expect(understand('').warnings.join()).toMatch(/empty/);
  });
});
