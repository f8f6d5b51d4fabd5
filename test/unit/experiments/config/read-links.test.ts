import { describe, expect, it, test } from 'vitest';
import { readLinks } from '../../../../electron/experiments/config/read-links.ts';

const read = (...texts: readonly string[]) => readLinks(texts, '/p', false);

describe('links', () => {
  it('show what is inside of the directory at its place, what is outside under its last name', () => {
    expect(read('data/', './raw/a.csv:rw', '/mnt/sets/imagenet:ro', '/p/weights')).toEqual([
      { hostPath: '/p/data', at: 'data', readOnly: true },
      { hostPath: '/p/raw/a.csv', at: 'raw/a.csv', readOnly: false },
      { hostPath: '/mnt/sets/imagenet', at: 'imagenet', readOnly: true },
      { hostPath: '/p/weights', at: 'weights', readOnly: true },
    ]);
  });

  test.each([
    [['.'], 'the submitted directory itself'],
    [['/p/'], 'the submitted directory itself'],
    [['../other'], 'leads out'],
    [['data/../../x'], 'leads out'],
    [['/'], 'whole file system'],
    [['data', 'data/raw'], 'where /p/data is'],
    [['data/raw', 'data'], 'where /p/data/raw is'],
    [['data', '/mnt/data'], 'where /p/data is'],
    [['a\0b'], 'NUL'],
  ])('%j: refused', (texts, why) => {
    expect(() => read(...texts)).toThrow(why);
  });

  it('are there already where the trial works in the directory itself, and nothing is added to that', () => {
    expect(readLinks(['data', '/p/x'], '/p', true)).toEqual([]);
    expect(() => readLinks(['/mnt/x'], '/p', true)).toThrow('directory itself');
  });

  it('are absolute where no directory was submitted', () => {
    expect(readLinks(['/mnt/x'], null, false)).toEqual([{ hostPath: '/mnt/x', at: 'x', readOnly: true }]);
    expect(() => readLinks(['x'], null, false)).toThrow('is relative');
  });
});
