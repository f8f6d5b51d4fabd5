/** Servers that speak AWS and were not written here, as far as they are installed. */
import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';
import process from 'node:process';
import { until } from './until.ts';

export const isInstalled = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
export const MOTO = process.env['SWITCHYARD_MOTO'] ?? 'moto_server';
export const VERSITY = process.env['SWITCHYARD_VERSITYGW'] ?? 'versitygw';

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @param args for a port */
export async function startServer(
  command: string,
  args: (port: number) => readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly endpoint: string; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(command, [...args(port)], { stdio: 'ignore', env: { ...process.env, ...env } });
  await until(
    () =>
      fetch(endpoint).then(
        () => true,
        () => child.exitCode !== null,
      ),
    60_000,
    `${command} answers`,
  );
  if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
  return {
    endpoint,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export const startMoto = () => startServer(MOTO, (port) => ['-H', '127.0.0.1', '-p', String(port)]);
