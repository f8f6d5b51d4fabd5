/** The client library of Docker is large: a program that talks to no engine does not load it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../../..');

it('is loaded by the first connection and not before', async () => {
  const program = `
    import { createRequire } from 'node:module';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache ?? {}).some((file) => file.includes('/dockerode/'));
    await import(${JSON.stringify(path.join(ROOT, 'electron/engine/engine.ts'))});
    const before = loaded();
    const { createConnection } = await import(${JSON.stringify(path.join(ROOT, 'native/docker/connection.ts'))});
    const place = { env: {}, home: '/nowhere', platform: 'linux', dockerHost: 'unix:///nowhere/docker.sock' };
    await createConnection(place).engine().catch(() => undefined);
    console.log(JSON.stringify([before, loaded()]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT });
  expect(JSON.parse(stdout)).toEqual([false, true]);
});
