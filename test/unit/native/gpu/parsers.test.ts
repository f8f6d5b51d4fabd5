import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recognizeLine, splitProblems } from '../../../../native/gpu/error-texts.ts';
import { assessHealth } from '../../../../native/gpu/health.ts';
import { parseAppsCsv } from '../../../../native/gpu/parse-apps-csv.ts';
import { parseGpuCsv } from '../../../../native/gpu/parse-gpu-csv.ts';
import { parseList } from '../../../../native/gpu/parse-list.ts';
import { parseSmiXml } from '../../../../native/gpu/parse-xml.ts';
import { normalizeBusId, readMiB, readNumber, throttleNames } from '../../../../native/gpu/values.ts';
import { understandCapture } from '../../../../native/gpu/understand-capture.ts';
import { CALM, HEADER, MEMORY, gpuRow, smiXml } from './fixtures.ts';

const ABSENT = [
  '[N/A]',
  'N/A',
  '[Not Supported]',
  '[Insufficient Permissions]',
  'None',
  '',
  '[Requested functionality has been deprecated]',
];
const BROKEN = ['[Unknown Error]', '[GPU is lost]', 'GPU is lost', '[GPU requires reset]', '[Not Found]', 'ERR!'];

describe('values', () => {
  it.each([...ABSENT, ...BROKEN])('"%s" is no number, and never 0', (word) => {
    expect(readNumber(word)).toBeNull();
    expect(readMiB(word)).toBeNull();
  });
  it('reads units, blanks, decimals and negative numbers', () => {
    expect([readNumber(' 37 C '), readNumber('33.4 %'), readNumber('26.20 W'), readNumber('-5 C')]).toEqual([
      37, 33.4, 26.2, -5,
    ]);
    expect([
      readMiB('575 MiB'),
      readMiB('575', 'MiB'),
      readMiB('2 GiB'),
      readMiB('4096 MB'),
      readMiB('3 apples'),
    ]).toEqual([575, 575, 2048, 4096, null]);
  });
  it('compares bus ids of either domain length and case, also inside a sentence', () => {
    expect(normalizeBusId('0000:0a:00.0')).toBe('00000000:0A:00.0');
    expect(normalizeBusId('00000000:0A:00.0')).toBe('00000000:0A:00.0');
    expect(normalizeBusId('device handle for GPU0000:02:00.0: GPU is lost')).toBe('00000000:02:00.0');
    expect(normalizeBusId('nothing')).toBeNull();
  });
  it('names throttle bits', () => {
    expect(throttleNames('0x0000000000000005')).toEqual(['gpu_idle', 'sw_power_cap']);
  });
});

describe('CSV of --query-gpu', () => {
  it('reads header with units, and rows without header by the asked order', () => {
    const withHeader = parseGpuCsv(`${HEADER}\r\n${gpuRow(0)}\r\n`, null).gpus[0];
    const asked = HEADER.split(', ').map((cell) => cell.replace(/ \[.*/, ''));
    const bare = parseGpuCsv(gpuRow(0).replace(/ (MiB|%|W)(?=,|$)/g, ''), asked).gpus[0];
    expect(withHeader).toMatchObject({
      index: 0,
      memoryTotalMiB: 24564,
      memoryUsedMiB: 900,
      memoryFreeMiB: 23260,
      utilizationPct: 12,
      temperatureC: 51,
      powerW: 80.55,
      busId: '00000000:01:00.0',
    });
    expect(bare).toEqual(withHeader);
  });
  it('accepts both names of a field', () => {
    for (const name of ['clocks_throttle_reasons.active', 'clocks_event_reasons.active']) {
      expect(parseGpuCsv(`gpu_uuid, ${name}\nGPU-1, 0x04`, null).gpus[0]).toMatchObject({
        uuid: 'GPU-1',
        throttleReasons: ['sw_power_cap'],
      });
    }
  });
  it('keeps the good rows around an English line and a dead row', () => {
    const text = [
      HEADER,
      gpuRow(0),
      'Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU',
      Array.from({ length: 11 }, () => '[Unknown Error]').join(', '),
      gpuRow(2),
    ].join('\n');
    const { gpus, problems } = parseGpuCsv(text, null);
    expect(gpus.map((gpu) => assessHealth(gpu).ok)).toEqual([true, false, true]);
    expect(gpus[1]).toMatchObject({ busId: '00000000:02:00.0', memoryUsedMiB: null, uuid: null });
    expect(assessHealth(gpus[1]!).reason).toMatch(/lost.*Reboot/s);
    expect(problems.map(({ code }) => code)).toEqual(['gpu_lost']);
  });
  it('shows a lost GPU that has no row at all', () => {
    const { gpus } = parseGpuCsv(
      `${HEADER}\n${gpuRow(0)}\nUnable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error\n`,
      null,
    );
    expect(gpus.map(({ busId }) => busId)).toEqual(['00000000:01:00.0', '00000000:02:00.0']);
    expect(gpus.map((gpu) => assessHealth(gpu).ok)).toEqual([true, false]);
  });
  it.each(['use', 'temp', 'pstate'] as const)(
    'a broken GPU with 0 MiB used is not free: bracket word in %s',
    (field) => {
      const gpu = parseGpuCsv(`${HEADER}\n${gpuRow(0, { used: '0 MiB', [field]: '[GPU requires reset]' })}`, null)
        .gpus[0]!;
      expect(assessHealth(gpu)).toMatchObject({ ok: false });
      expect(assessHealth(gpu).reason).toMatch(/reset/);
      expect(gpu.memoryUsedMiB).toBe(0);
    },
  );
  it.each(ABSENT)('"%s" as use (MIG, old cards) is unknown, not idle and not broken', (word) => {
    const gpu = parseGpuCsv(`${HEADER}\n${gpuRow(0, { use: word })}`, null).gpus[0]!;
    expect(gpu.utilizationPct).toBeNull();
    expect(gpu.tokens['utilizationPct']).toBe(word);
    expect(assessHealth(gpu).ok).toBe(true);
  });
  it('a laptop that cannot tell its power is well', () => {
    const gpu = parseGpuCsv(`${HEADER}\n${gpuRow(0, { power: '[Unknown Error]' })}`, null).gpus[0]!;
    expect([gpu.powerW, assessHealth(gpu).ok]).toEqual([null, true]);
  });
  it('a comma in a name does not shift columns; a short row is skipped with a word', () => {
    const { gpus, warnings } = parseGpuCsv(
      `${HEADER}\n${gpuRow(0, { name: 'Board, Special, Edition' })}\n1, GPU-x\n`,
      null,
    );
    expect(gpus).toHaveLength(1);
    expect(gpus[0]).toMatchObject({ name: 'Board, Special, Edition', memoryTotalMiB: 24564 });
    expect(warnings.join()).toMatch(/1, GPU-x/);
  });
  it('a row repeated by a loop is the present one; the order stays', () => {
    const { gpus, warnings } = parseGpuCsv(
      [HEADER, gpuRow(0), gpuRow(1), gpuRow(0, { used: '7 MiB' })].join('\n'),
      null,
    );
    expect(gpus.map(({ index, order, memoryUsedMiB }) => [index, order, memoryUsedMiB])).toEqual([
      [0, 0, 7],
      [1, 1, 900],
    ]);
    expect(warnings.join()).toContain('listed more than once');
  });
  it('each line about a lost GPU belongs to one dead row', () => {
    const lost = (bus: string): string =>
      `Unable to determine the device handle for GPU 0000:${bus}:00.0: GPU is lost.  Reboot the system to recover this GPU`;
    const dead = Array.from({ length: 11 }, () => '[Unknown Error]').join(', ');
    const { gpus } = parseGpuCsv([HEADER, lost('05'), dead, lost('06'), dead].join('\n'), null);
    expect(gpus.map(({ busId }) => busId)).toEqual(['00000000:05:00.0', '00000000:06:00.0']);
  });
  it('masked UUIDs do not make two GPUs one; a loop does not make one GPU two', () => {
    const two = [gpuRow(0, { uuid: 'GPU-0' }), gpuRow(1, { uuid: 'GPU-0' })];
    expect(parseGpuCsv([HEADER, ...two].join('\n'), null).gpus).toHaveLength(2);
    expect(parseGpuCsv([HEADER, ...two, ...two].join('\n'), null).gpus).toHaveLength(2);
  });
  it('a card that hosts virtual machines, or is prohibited, is not for us', () => {
    expect(assessHealth({ ...parseGpuCsv('uuid, compute_mode\nGPU-1, Prohibited', null).gpus[0]! }).ok).toBe(false);
    expect(assessHealth(parseGpuCsv('uuid, gpu_recovery_action\nGPU-1, Reboot', null).gpus[0]!).ok).toBe(false);
    expect(assessHealth(parseGpuCsv('uuid, gpu_recovery_action\nGPU-1, None', null).gpus[0]!).ok).toBe(true);
    const asked = (action: string) =>
      assessHealth(parseGpuCsv(`uuid, gpu_recovery_action\nGPU-1, ${action}`, null).gpus[0]!).reason ?? '';
    expect(asked('Drain and Reset')).toContain('let what runs on it finish');
    expect(asked('Reset')).toContain('stop what uses it');
  });
});

describe('CSV of --query-compute-apps', () => {
  const header = 'timestamp, gpu_name, gpu_bus_id, gpu_serial, gpu_uuid, pid, process_name, used_gpu_memory [MiB]';
  const left = '2026/01/02 03:04:05.678, NVIDIA Test, 00000000:01:00.0, [N/A], GPU-1';

  it.each([
    ['C:\\Program Files\\A, B & Co\\app.exe', '[N/A]', null],
    ['python train.py --x="1, 2, 3" 7 MiB', '512 MiB', 512],
    ['Größe 漢字.exe', '3 MiB', 3],
    ['', '1 MiB', 1],
    ['a,b', '2 MiB', 2],
  ])('takes the name %j whole', (name, memory, usedMiB) => {
    expect(parseAppsCsv(`${header}\r\n${left}, 42, ${name}, ${memory}\r\n`, null).processes).toEqual([
      {
        pid: 42,
        name,
        type: null,
        usedMiB,
        gpuUuid: 'GPU-1',
        gpuBusId: '00000000:01:00.0',
        gpuInstance: null,
        computeInstance: null,
      },
    ]);
  });
  it('any name survives (property)', () => {
    const name = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n\u0085\u2028\u2029]/g, '').trim());
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 4_000_000 }), (text, pid) => {
        const { processes } = parseAppsCsv(`${left}, ${pid}, ${text}, 77`, [
          'timestamp',
          'gpu_name',
          'gpu_bus_id',
          'gpu_serial',
          'gpu_uuid',
          'pid',
          'process_name',
          'used_gpu_memory',
        ]);
        expect(processes).toMatchObject([{ pid, name: text, usedMiB: 77 }]);
      }),
    );
  });
  it('a header alone means no processes, a refusal is no process', () => {
    expect(parseAppsCsv(`${header}\n`, null)).toMatchObject({ processes: [], warnings: [] });
    expect(parseAppsCsv('[Not Supported]\n', ['pid', 'process_name']).processes).toEqual([]);
  });
});

describe('text of -L', () => {
  it('reads names with parentheses, Jetson UUIDs, MIG profiles and old MIG names, and skips error lines', () => {
    const { gpus, problems } = parseList(
      [
        'GPU 0: Orin (nvgpu) (UUID: 54cd4e6c-0000-5000-8000-abcdef012345)',
        'GPU 1: NVIDIA A100 (UUID: GPU-a)',
        '  MIG 1c.3g.71gb     Device  0: (UUID: MIG-11111111-0000-5000-8000-000000000000)',
        '  MIG 1g.10gb+me     Device  1: (UUID: MIG-GPU-0a-0b/7/0)',
        'Unable to determine the device handle for gpu 0000:05:00.0: GPU is lost.  Reboot the system to recover this GPU',
        'GPU 3: NVIDIA A100 (UUID: GPU-b)',
      ].join('\r\n'),
    );
    expect(gpus.map(({ index, name, uuid }) => ({ index, name, uuid }))).toEqual([
      { index: 0, name: 'Orin (nvgpu)', uuid: '54cd4e6c-0000-5000-8000-abcdef012345' },
      { index: 1, name: 'NVIDIA A100', uuid: 'GPU-a' },
      { index: 3, name: 'NVIDIA A100', uuid: 'GPU-b' },
    ]);
    expect(gpus[1]?.mig).toMatchObject([
      { index: 0, profile: '1c.3g.71gb' },
      { index: 1, profile: '1g.10gb+me', gpuInstance: 7, computeInstance: 0 },
    ]);
    expect(problems).toHaveLength(1);
  });
});

describe('XML of -q -x', () => {
  const heads = {
    'no document type': '<?xml version="1.0" ?>\n',
    'nothing before the root': '',
    'a comment first': '<!-- taken on <host> --><?xml version="1.0"?>\n<!DOCTYPE nvidia_smi_log SYSTEM "x.dtd">\n',
    'an internal subset':
      '<?xml version="1.0"?>\n<!DOCTYPE nvidia_smi_log [\n<!ELEMENT gpu (#PCDATA)> <!-- ]> -->\n<!ENTITY e "]>">\n<!ENTITY big "&e;&e;">]>\n',
    'an error text first':
      'Unable to determine the device handle for GPU0000:09:00.0: GPU is lost\n<?xml version="1.0" ?>\n',
    'a byte order mark': '\uFEFF<?xml version="1.0" ?>\n',
  };
  it.each(Object.entries(heads))('reads a document with %s', (_what, head) => {
    const { gpus, warnings } = understandCapture([{ name: 'x.xml', text: smiXml([{ inner: MEMORY + CALM }], head) }]);
    expect(gpus).toMatchObject([
      {
        name: 'NVIDIA Test 0',
        memoryTotalMiB: 24564,
        memoryReservedMiB: 402,
        memoryFreeMiB: 22963,
        utilizationPct: 3,
        temperatureC: 37,
        driverVersion: '550.10',
      },
    ]);
    expect(warnings).toEqual([]);
  });
  it.each([
    [
      'old names under a new document type',
      '<power_readings><power_draw>30.86 W</power_draw><power_limit>105 W</power_limit></power_readings>',
      30.86,
    ],
    ['535', '<gpu_power_readings><power_draw>22.78 W</power_draw></gpu_power_readings>', 22.78],
    [
      '550 and later',
      '<gpu_power_readings><average_power_draw>11.60 W</average_power_draw><instant_power_draw>11.63 W</instant_power_draw></gpu_power_readings>',
      11.63,
    ],
    [
      'power_draw absent beside instant',
      '<gpu_power_readings><power_draw>N/A</power_draw><instant_power_draw>9.5 W</instant_power_draw></gpu_power_readings>',
      9.5,
    ],
    [
      'only the module has one',
      '<gpu_power_readings><power_draw>N/A</power_draw></gpu_power_readings><module_power_readings><instant_power_draw>480 ' +
        'W</instant_power_draw></module_power_readings>',
      null,
    ],
  ])('finds the power: %s', (_what, inner, powerW) => {
    expect(parseSmiXml(smiXml([{ inner }])).gpus[0]?.powerW).toBe(powerW);
  });
  it('a lost GPU keeps its name and does not hide the other', () => {
    const lost =
      '<fb_memory_usage><total>GPU is lost</total><used>GPU is ' +
      'lost</used></fb_memory_usage><utilization>GPU is lost</utilization><remapped_rows>GPU is ' +
      'lost</remapped_rows>';
    const { gpus } = parseSmiXml(smiXml([{ inner: lost }, { inner: MEMORY + CALM }]));
    expect(gpus.map((gpu) => [gpu.name, gpu.memoryUsedMiB, assessHealth(gpu).ok])).toEqual([
      ['NVIDIA Test 0', null, false],
      ['NVIDIA Test 1', 1200, true],
    ]);
  });
  it('a fault word in any element counts, the name of a process does not', () => {
    const calm = MEMORY + CALM;
    const health = (inner: string): boolean => assessHealth(parseSmiXml(smiXml([{ inner: calm + inner }])).gpus[0]!).ok;
    expect(health('<clocks><sm_clock>GPU requires reset</sm_clock></clocks>')).toBe(false);
    expect(health('<gpu_reset_status><reset_required>Yes</reset_required></gpu_reset_status>')).toBe(false);
    expect(
      health(
        '<serial>Unknown Error</serial><gpu_power_readings><instant_power_draw>Unknown Error</instant_power_draw></gpu_power_readings>',
      ),
    ).toBe(true);
    expect(
      health(
        '<processes><process_info><pid>1</pid><process_name>GPU is lost</process_name></process_info></processes>',
      ),
    ).toBe(true);
  });
  it('reads processes with markup, commas, empty names and trailing blanks', () => {
    const info = (name: string, type = 'G'): string =>
      `<process_info><gpu_instance_id>N/A</gpu_instance_id><pid>7</pid><type>${type}</type>` +
      `<process_name>${name}</process_name><used_memory>N/A</used_memory></process_info>`;
    const { gpus } = parseSmiXml(
      smiXml([
        {
          inner: `<processes>${info('a --x=1,2 &amp; b &#246;')}${info('')}${info('vm-1   ', 'C+G')}${info('<unknown> & co')}</processes>`,
        },
      ]),
    );
    expect(gpus[0]?.processes.map(({ name, type, usedMiB }) => [name, type, usedMiB])).toEqual([
      ['a --x=1,2 & b ö', 'G', null],
      ['', 'G', null],
      ['vm-1', 'C+G', null],
      ['<unknown> & co', 'G', null],
    ]);
  });
  it('reads MIG: no use under load, instances with memory', () => {
    const mig =
      '<mig_mode><current_mig>Enabled</current_mig></mig_mode><utilization><gpu_util>N/A</gpu_util></utilization>' +
      '<mig_devices><mig_device><index>2</index><gpu_instance_id>9</gpu_instance_id>' +
      '<compute_instance_id>0</compute_instance_id>' +
      '<fb_memory_usage><total>9856 MiB</total><used>16 MiB</used><free>9840 MiB</free></fb_memory_usage></mig_device></mig_devices>';
    const gpu = parseSmiXml(smiXml([{ inner: mig }])).gpus[0]!;
    expect(gpu.utilizationPct).toBeNull();
    expect(assessHealth(gpu).ok).toBe(true);
    expect(gpu.mig).toMatchObject([
      { index: 2, gpuInstance: 9, computeInstance: 0, memoryTotalMiB: 9856, memoryFreeMiB: 9840 },
    ]);
  });
  it('a host of virtual GPUs and a GPU without memory figures', () => {
    const host = parseSmiXml(
      smiXml([
        {
          inner: `<gpu_virtualization_mode><virtualization_mode>Host VGPU</virtualization_mode></gpu_virtualization_mode>${MEMORY}`,
        },
      ]),
    ).gpus[0]!;
    expect(assessHealth(host).reason).toMatch(/virtual machines/);
    const unified = understandCapture([
      {
        name: 'x',
        text: smiXml([
          { inner: '<fb_memory_usage><total>N/A</total><used>N/A</used><free>N/A</free></fb_memory_usage>' },
        ]),
      },
    ]);
    expect(unified.gpus[0]).toMatchObject({ memoryTotalMiB: null, memoryUsedMiB: null, health: { ok: true } });
    expect(unified.warnings.join()).toMatch(/counted/);
  });
  it('a document that ends early still tells of the first GPU', () => {
    const whole = smiXml([{ inner: MEMORY + CALM }, { inner: MEMORY }]);
    const { gpus, warnings } = parseSmiXml(whole.slice(0, whole.indexOf('NVIDIA Test 1')));
    expect(gpus[0]).toMatchObject({ name: 'NVIDIA Test 0', memoryTotalMiB: 24564 });
    expect(warnings.join()).toMatch(/ends early/);
  });
});

describe('error texts', () => {
  it.each([
    ['Failed to initialize NVML: Driver/library version mismatch', 'driver_mismatch'],
    ['Failed to initialize NVML: Unknown Error', 'nvml_unknown'],
    ['Failed to initialize NVML: Driver Not Loaded', 'driver_not_loaded'],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      'driver_not_loaded',
    ],
    ["NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", 'nvml_missing'],
    ['No devices were found', 'no_devices'],
    ['Unable to determine the device handle for gpu 0000:05:00.0: GPU is lost.', 'gpu_lost'],
    ['Field "cuda_version" is not a valid field to query.', 'invalid_field'],
    ['WARNING: infoROM is corrupted at gpu 0000:3B:00.0', 'inforom_corrupt'],
  ])('%s', (text, code) => {
    expect(recognizeLine(text)).toMatchObject({ code });
    expect(recognizeLine(text)?.remedy).not.toBe('');
    const { problem, gpus } = understandCapture([{ name: 'x.txt', text: `${text}\n` }]);
    expect(problem?.text).toBe(text);
    expect(gpus.filter(({ health }) => health.ok && code !== 'inforom_corrupt')).toEqual([]);
  });
  it('joins the second line of a mismatch, and leaves rows alone', () => {
    const { problems, rest } = splitProblems(
      'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.126\n1, No devices were found, 3 MiB\n',
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]?.text).toContain('580.126');
    expect(rest).toEqual(['1, No devices were found, 3 MiB']);
  });
});

it('nothing makes the parsers throw (property)', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '<nvidia_smi_log>',
      '</nvidia_smi_log>',
      '<gpu id="x">',
      '</gpu>',
      '<!DOCTYPE a [',
      ']>',
      HEADER,
      gpuRow(0),
      'GPU 0: x (UUID: y)',
      '[N/A]',
      'pid, process_name\n',
      '\n',
      ', ',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const understood = understandCapture([{ name: 'x', text: pieces.join('') }]);
      expect(() => JSON.stringify(understood)).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
