/** `switchyard open` */
import path from 'node:path';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

export const build: BuildVerb = (context) => createVerb('open', 'Open the user interface in a browser. Prints the link, which works once and for five minutes.', ['open', 'open --print'], context)
  .option('--print', 'only print the link')
  .action(async (flags: { json?: boolean; print?: boolean }) => {
    await buildPage(context);
    const client = await context.connect();
    const link = await client.request<{ url: string }>('POST', '/login-links');
    show(context, flags.json, link, () => link.url);
    if (flags.print === true || flags.json === true || !hasDisplay(context.terminal.env)) return;
    const { openInBrowser } = await import('../../doors/browser-opener.ts');
    // The printed link is for another browser; the one that is started gets its own.
    const own = await client.request<{ url: string }>('POST', '/login-links');
    if (!await openInBrowser(own.url, context.paths.dir)) context.terminal.note('No browser could be started here; open the link yourself.');
  });

/** An engine that a command started in the background has never been asked for its page. */
async function buildPage({ terminal }: CommandContext): Promise<void> {
  const { ensureBundle } = await import('../../start/bundles.ts');
  const result = await ensureBundle(ROOT, 'ui', () => terminal.note('Building the user interface …'));
  if (result.kind === 'stale' || result.kind === 'failed') terminal.note(`The user interface could not be built:\n${result.why}`);
}

function hasDisplay(env: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux') return true;
  return [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((value) => value !== undefined && value !== '');
}
