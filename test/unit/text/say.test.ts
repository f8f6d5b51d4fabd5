import { describe, expect, it } from 'vitest';
import { sayAbout, sayBytes, sayDuration, sayMemory, sayMemoryOf } from '../../../electron/text/say.ts';
import { MINUTE } from '../scheduler/plan/build.ts';

describe('words', () => {
  it.each([
    [-5, '0 s'],
    [44_400, '44 s'],
    [59_499, '59 s'],
    [59_999, '1 min'],
    [22 * MINUTE, '22 min'],
    [185 * MINUTE, '3 h 5 min'],
    [59.6 * MINUTE, '1 h'],
    [72 * MINUTE, '1 h 12 min'],
    [119.7 * MINUTE, '2 h'],
    [1440 * MINUTE, '1 d'],
    [76 * 60 * MINUTE, '3 d 4 h'],
    [1439.8 * MINUTE, '1 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(sayDuration(ms)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [0.5, '512 KiB'],
    [300, '300 MiB'],
    [1023.96, '1 GiB'],
    [1024, '1 GiB'],
    [11_366, '11.1 GiB'],
    [81_920, '80 GiB'],
    [153_600.4, '150 GiB'],
    [1_572_864, '1.5 TiB'],
  ])('%d MiB is %s', (mib, text) => {
    expect(sayMemory(mib)).toBe(text);
  });

  it.each([
    [512, '512 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [2 * 1024 ** 6, '2048 PiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(sayBytes(bytes)).toBe(text);
  });

  it('says how much of the whole in the unit of the whole', () => {
    expect(sayMemoryOf(512, 24_564)).toBe('0.5 / 24 GiB');
    expect(sayMemoryOf(19_149, 24_576)).toBe('18.7 / 24 GiB');
    expect(sayMemoryOf(null, 24_576)).toBe('? / 24 GiB');
    expect([sayMemoryOf(512, null), sayMemoryOf(null, null)]).toEqual(['512 MiB', '']);
  });

  it('does not call a moment about', () => {
    expect([sayAbout(5), sayAbout(59_999), sayAbout(5 * MINUTE)]).toEqual([
      'under 1 min',
      'under 1 min',
      'about 5 min',
    ]);
  });
});
