/**
 * The launcher: a small process that starts supervisors for the engine. Starting a process costs a copy of the page tables of the one
 * that starts it, some milliseconds in an engine with a long queue in memory, during which nothing else happens there.
 * It knows nothing and keeps nothing: it ends with the engine's end of the channel, and what it started goes on.
 */
import type { LauncherMessage, LaunchRequest } from './launcher-messages.ts';
import { spawnSupervisor } from './spawn-supervisor.ts';

function say(message: LauncherMessage): void {
  // The engine may be gone; then nobody needs the answer.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function launch({ id, order }: LaunchRequest): Promise<void> {
  try {
    const { pid, claimed, ended } = await spawnSupervisor(order);
    say({ kind: 'claimed', id, pid, claimed: await claimed });
    say({ kind: 'ended', id, signal: await ended });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    say({ kind: 'refused', id, code, message: error instanceof Error ? error.message : String(error) });
  }
}

process.on('disconnect', () => {
  process.exit(0);
});
process.on('message', (request: LaunchRequest) => {
  void launch(request);
});
say({ kind: 'ready' });
