import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const MODULE = new URL('../../../../native/host/refuse-debugger.ts', import.meta.url).href;

/** @returns whether a debugger listens some time after SIGUSR1 came, which takes it a thread of its own to notice */
function opens(prepare: string): string {
  const script = `import { url } from 'node:inspector';
    ${prepare}
    process.kill(process.pid, 'SIGUSR1');
    const from = Date.now();
    setInterval(() => {
      if (url() === undefined && Date.now() - from < 1_000) return;
      console.log(url() === undefined ? 'closed' : 'open');
      process.exit();
    }, 20);`;
  const argv = ['--inspect-port=0', '--input-type=module', '-e', script];
  return execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

it.skipIf(process.platform === 'win32')('no debugger opens on SIGUSR1', () => {
  expect(opens('')).toBe('open');
  expect(opens(`import { refuseDebugger } from ${JSON.stringify(MODULE)}; refuseDebugger();`)).toBe('closed');
});
