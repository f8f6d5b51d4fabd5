import { expect, test, vi } from 'vitest';
import type { RuntimeStatus, TrialRuntime } from '../../../../electron/ports/trial-runtime.ts';
import { watchRuntimes } from '../../../../electron/trials/attempts/runtime-watch.ts';

const UP: RuntimeStatus = { available: true, version: '28', gpuSupport: null, problem: null, remedy: null };
const DOWN: RuntimeStatus = { ...UP, available: false, version: null, problem: 'it was stopped' };

test('an answer that differs is told of with the one before; while it is down, why nothing starts on it', async () => {
  let answer: RuntimeStatus | Error = UP;
  let changed = (): void => undefined;
  const docker = {
    status: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
    onStatusChange: (listener: () => void) => {
      changed = listener;
      return () => undefined;
    },
  } as unknown as TrialRuntime;
  const watch = watchRuntimes(new Map([['docker', docker]]));
  const heard: string[] = [];
  watch.onChange((kind, now, before) => {
    heard.push(`${kind} ${before.available ? 'up' : 'down'} -> ${now.available ? 'up' : 'down'}`);
  });
  expect(watch.held('docker')).toBe('waits for the Docker engine: it does not answer');
  await watch.refresh();
  await watch.refresh();
  expect(heard).toEqual(['docker down -> up']);
  expect(watch.held('docker')).toBeNull();

  answer = DOWN;
  changed();
  await vi.waitFor(() => {
    expect(heard).toEqual(['docker down -> up', 'docker up -> down']);
  });
  expect(watch.held('docker')).toBe('waits for the Docker engine: it was stopped');
  answer = new Error('no such socket');
  await watch.refresh();
  expect(watch.held('docker')).toBe('waits for the Docker engine: no such socket');

  watch.close();
  answer = UP;
  await watch.refresh();
  expect(heard).toHaveLength(3);
});
