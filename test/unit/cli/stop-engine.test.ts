import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { stopEngine } from '../../../electron/cli/stop-engine.ts';
import { isProcessGone } from '../../../electron/client/process-gone.ts';
import { cli, startFakeEngine } from './fake-engine.ts';

/** Something that lives until it is killed, in an engine's place. */
async function livingProcess(): Promise<{ readonly pid: number; readonly kill: () => void }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  return { pid: child.pid ?? 0, kill: () => void child.kill('SIGKILL') };
}

test('"stop" says that the engine has stopped when its process is gone, not when it stops answering', async () => {
  const living = await livingProcess();
  const closed = Promise.withResolvers<void>();
  const engine = await startFakeEngine({
    'GET /health': { json: { pid: living.pid } },
    'POST /engine/shutdown': () => {
      setTimeout(() => {
        closed.resolve(engine.close());
        setTimeout(living.kill, 100);
      }, 10);
      return { status: 202, json: { ok: true } };
    },
  });
  const { exitCode, out } = await cli(engine.home, ['stop']);
  expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'The engine has stopped. Running trials go on.\n' });
  // Dead, if perhaps not collected yet by this process, whose child it is.
  expect(isProcessGone(living.pid)).toBe(true);
  await closed.promise;
});

test('an engine that cannot end is named with its process, and nothing is claimed', async () => {
  const living = await livingProcess();
  const context = {
    connectIfRunning: async () => ({
      socketPath: '',
      request: async <T>() => ({ pid: living.pid }) as T,
      open: () => Promise.reject(new Error('not asked')),
      close: () => undefined,
    }),
    paths: { dir: '/data', lock: '/nonexistent/lock', socket: '/nonexistent/socket' },
  } as unknown as Parameters<typeof stopEngine>[0];
  await expect(stopEngine(context, 50)).rejects.toMatchObject({
    message: expect.stringContaining(`process ${living.pid} is still there`),
    remedy: expect.stringContaining(`kill -9 ${living.pid}`),
  });
});
