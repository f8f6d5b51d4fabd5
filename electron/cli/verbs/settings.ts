/** `switchyard settings` */
import type { Settings } from '../../contract/settings.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';

export const build: BuildVerb = (context) => createVerb('settings', 'Show the settings, or change one.', ['settings', 'settings notifyAfterS 300', 'settings afterReboot hold'], context)
  .argument('[key]', 'which one')
  .argument('[value]', 'its new value')
  .action(async (key: string | undefined, value: string | undefined, flags: { json?: boolean }) => {
    const client = await context.connect();
    const settings = await client.request<Settings>('GET', '/settings');
    if (key === undefined) {
      const width = Math.max(...Object.keys(settings).map((name) => name.length));
      show(context, flags.json, settings, () => Object.entries(settings).map(([name, one]) => `${name.padEnd(width)}  ${String(one)}`));
      return;
    }
    const name = Object.keys(settings).find((one) => one.toLowerCase() === key.toLowerCase().replaceAll('-', ''));
    if (name === undefined) throw usageError(`There is no setting "${key}".`, `There are ${Object.keys(settings).join(', ')}.`);
    const before: unknown = settings[name as keyof Settings];
    if (value === undefined) {
      show(context, flags.json, { [name]: before }, () => String(before));
      return;
    }
    const changed = await client.request<Settings>('PATCH', '/settings', { [name]: parseLike(before, value, name) });
    const after: unknown = changed[name as keyof Settings];
    show(context, flags.json, changed, () => `${name} is ${String(after)}.`);
  });

/** A value is read in the type it has now; what it may be is judged by the engine. */
function parseLike(before: unknown, text: string, name: string): unknown {
  if (typeof before === 'boolean') {
    if (/^(on|true|yes|1)$/i.test(text)) return true;
    if (/^(off|false|no|0)$/i.test(text)) return false;
    throw usageError(`${name} is on or off, not "${text}".`);
  }
  if (typeof before === 'number') {
    if (text.trim() === '' || !Number.isFinite(Number(text))) throw usageError(`${name} is a number, not "${text}".`);
    return Number(text);
  }
  return text;
}
