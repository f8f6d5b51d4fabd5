/** `switchyard open` */
import os from 'node:os';
import { isClone } from '../../client/engine-program.ts';
import { PROGRAM_ROOT } from '../../client/program-root.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'open',
    'Open the user interface in a browser. Prints the link, which works once and for five minutes.',
    ['open', 'open --print'],
    context,
  )
    .option('--print', 'only print the link')
    .action(async (flags: { json?: boolean; print?: boolean }) => {
      await buildPage(context);
      const client = await context.connect();
      const link = await client.request<{ url: string }>('POST', '/login-links');
      show(context, flags.json, link, () => link.url);
      if (flags.print === true || flags.json === true) return;
      if (!hasDisplay(context.terminal.env)) {
        context.terminal.note(describeForwarding(link.url, os.hostname()));
        return;
      }
      const { openInBrowser } = await import('../../doors/browser-opener.ts');
      // The printed link is for another browser; the one that is started gets its own.
      const own = await client.request<{ url: string }>('POST', '/login-links');
      if (!(await openInBrowser(own.url, context.paths.dir)))
        context.terminal.note('No browser could be started here; open the link yourself.');
    });

/** An engine that a command started in the background has never been asked for its page. */
async function buildPage({ terminal }: CommandContext): Promise<void> {
  if (!isClone()) return;
  const { ensureBundle } = await import('../../start/bundles.ts');
  const result = await ensureBundle(PROGRAM_ROOT, 'ui', () => terminal.note('Building the user interface …'));
  if (result.kind === 'stale' || result.kind === 'failed')
    terminal.note(`The user interface could not be built:\n${result.why}`);
}

/** @returns how to reach the page from the machine one sits at */
export function describeForwarding(url: string, hostname: string): string {
  const port = new URL(url).port;
  return `No display here. From your own machine: ssh -L ${port}:127.0.0.1:${port} ${hostname}\nThen open the link there.`;
}

function hasDisplay(env: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux') return true;
  return [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((value) => value !== undefined && value !== '');
}
