import { expect, test } from 'vitest';
import { layOutContainer } from '../../../../native/docker/container-layout.ts';

const host = { work: '/d/w', checkpoints: '/d/c', output: '/d/o', exchange: '/d/x', helper: '/lib/python' };

test('every place has its mount, and only the helper is read-only', () => {
  const { places, mounts } = layOutContainer({ ...host, inPlace: false });
  expect(Object.fromEntries(mounts.map((mount) => [mount.hostPath, mount.containerPath]))).toEqual({
    '/d/w': places.work,
    '/d/c': places.checkpoints,
    '/d/o': places.output,
    '/d/x': places.exchange,
    '/lib/python': places.helper,
  });
  expect(mounts.filter(({ readOnly }) => readOnly).map(({ hostPath }) => hostPath)).toEqual(['/lib/python']);
  expect(new Set(mounts.map(({ role }) => role))).toEqual(new Set(['own']));
});

test("a directory of the user's is mounted as such, so that it is looked at like every other of his", () => {
  const { mounts } = layOutContainer({ ...host, inPlace: true });
  expect(mounts.filter(({ role }) => role === 'work').map(({ hostPath }) => hostPath)).toEqual(['/d/w']);
  expect(mounts.filter(({ role }) => role === 'own')).toHaveLength(4);
});
