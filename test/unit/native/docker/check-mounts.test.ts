/** What may be mounted: never what gives a trial the engine, and a home only with our own directories covered. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LaunchMount, RuntimeWish } from '../../../../electron/ports/trial-runtime.ts';
import { checkMounts } from '../../../../native/docker/check-mounts.ts';
import { refuseContainerPath } from '../../../../native/docker/container-paths.ts';
import { judgeWish } from '../../../../native/docker/refuse-wish.ts';

function home(): { readonly home: string; readonly data: string; at(...names: string[]): string } {
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'switchyard-mounts-')));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  const data = path.join(dir, '.local', 'share', 'switchyard');
  mkdirSync(path.join(data, 'trials'), { recursive: true });
  mkdirSync(path.join(dir, 'data'));
  symlinkSync(data, path.join(dir, 'data', 'link'));
  symlinkSync(dir, path.join(dir, 'data', 'up'));
  return { home: dir, data, at: (...names) => path.join(dir, ...names) };
}

describe('mounts', () => {
  const mount = (hostPath: string, more: Partial<LaunchMount> = {}): LaunchMount => ({
    hostPath,
    containerPath: '/data',
    readOnly: true,
    ...more,
  });

  test('at or inside of our own directories: refused, also by a link and read-only', async () => {
    const { data, at } = home();
    const guard = { engineSocket: null, privateDirs: [data] };
    for (const hostPath of [data, path.join(data, 'trials'), at('data', 'link'), at('data', 'link', 'trials')])
      await expect(checkMounts([mount(hostPath)], guard)).rejects.toMatchObject({
        code: 'mount_failed',
        message: expect.stringContaining(data),
      });
    await expect(checkMounts([mount(data, { role: 'work' })], guard)).rejects.toMatchObject({ code: 'mount_failed' });
    expect((await checkMounts([mount(data, { role: 'own' })], guard)).covered).toEqual([]);
  });

  test("the engine's socket, or a directory that holds it, also by a link and also read-only: refused", async () => {
    const { home: dir, data, at } = home();
    writeFileSync(at('data', 'engine.sock'), '');
    const guard = { engineSocket: at('data', 'up', 'data', 'engine.sock'), privateDirs: [data] };
    for (const hostPath of [at('data', 'engine.sock'), at('data'), dir, at('data', 'up'), '/'])
      await expect(checkMounts([mount(hostPath)], guard)).rejects.toMatchObject({
        code: 'mount_failed',
        message: expect.stringContaining('control over the container engine'),
      });
    mkdirSync(at('data', 'set'));
    expect((await checkMounts([mount(at('data', 'set'))], guard)).mounts).toHaveLength(1);
  });

  test('above them: covered, with links resolved on both sides, also for a working directory', async () => {
    const { home: dir, data, at } = home();
    const guard = { engineSocket: null, privateDirs: [at('data', 'link')] };
    for (const hostPath of [dir, at('data', 'up'), `${dir}/`])
      expect(await checkMounts([mount(hostPath, { containerPath: '/h/' })], guard)).toEqual({
        mounts: [{ hostPath: dir, containerPath: '/h', readOnly: true }],
        covered: ['/h/.local/share/switchyard'],
      });
    const work = await checkMounts([mount(dir, { containerPath: '/workspace', role: 'work' })], guard);
    expect(work.covered).toEqual([`/workspace/${path.relative(dir, data)}`]);
    expect((await checkMounts([mount(at('data'))], guard)).covered).toEqual([]);
  });

  test('a directory of ours that is not there yet is covered too', async () => {
    const { home: dir, at } = home();
    const guard = { engineSocket: null, privateDirs: [at('run', 'switchyard-1')] };
    expect((await checkMounts([mount(dir)], guard)).covered).toEqual(['/data/run/switchyard-1']);
  });

  test('two mounts at one place, or on what is ours in the container', async () => {
    const { at } = home();
    const guard = { engineSocket: null, privateDirs: [] };
    await expect(checkMounts([mount(at('data')), mount(at('data'))], guard)).rejects.toThrow('Two mounts');
    for (const target of ['/', '/workspace', '/workspace/', '/switchyard', '/switchyard/x', '/a/../proc/1', '/dev'])
      expect(refuseContainerPath(target), target).not.toBeNull();
    for (const target of ['/data', '/workspace/data', '/switchyards', '/dev/shm/x'])
      expect(refuseContainerPath(target), target).toBeNull();
  });
});

describe('what could never start is known at submit', () => {
  const wish: RuntimeWish = {
    image: 'python:3',
    slots: 0,
    cpus: null,
    memoryMiB: null,
    mounts: [],
    links: [],
    inPlaceDir: null,
  };
  const facts = { cpus: 4, product: 'docker' } as const;
  test.each([
    [{ image: 'NOT AN IMAGE::' }, 'environment.image'],
    [{ cpus: 4.5 }, 'resources.cpus'],
    [{ cpus: 0.001 }, 'resources.cpus'],
    [{ memoryMiB: 5 }, 'resources.memory'],
  ])('%j', (more, where) => {
    expect(judgeWish({ ...wish, ...more }, facts)).toMatchObject({ path: where });
  });
  test('GPUs on podman, and nothing where there is nothing', () => {
    expect(judgeWish({ ...wish, slots: 1 }, { ...facts, product: 'podman' })).toMatchObject({
      code: 'runtime_unavailable',
    });
    expect(judgeWish({ ...wish, slots: 1, cpus: 4, memoryMiB: 6 }, facts)).toBeNull();
    expect(judgeWish({ ...wish, cpus: 400 }, null)).toBeNull();
  });
});
