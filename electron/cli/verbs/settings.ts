/** `switchyard settings` */
import type { Settings } from '../../contract/settings.ts';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { formatSetting, SETTING_TEXTS } from '../describe-settings.ts';
import { usageError } from '../exit-codes.ts';
import { formatTable } from '../table.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'settings',
    'Show the settings, or change one.',
    ['settings', 'settings notifyAfterS 300', 'settings afterReboot hold'],
    context,
  )
    .argument('[key]', 'which one')
    .argument('[value]', 'its new value')
    .action(async (key: string | undefined, value: string | undefined, flags: { json?: boolean }) => {
      const client = await context.connect();
      const settings = await client.request<Settings>('GET', '/settings');
      if (key === undefined) {
        show(context, flags.json, settings, () =>
          formatTable(
            [{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'MEANING', flexible: true }],
            Object.entries(SETTING_TEXTS).map(([name, { meaning, values }]) => [
              name,
              formatSetting(settings[name as keyof Settings]),
              `${meaning} (${values})`,
            ]),
            context.terminal.width,
          ),
        );
        return;
      }
      const name = findName(key);
      const { meaning, values } = SETTING_TEXTS[name];
      if (value === undefined) {
        show(
          context,
          flags.json,
          { [name]: settings[name] },
          () => `${formatSetting(settings[name])}\n${meaning}; it is ${values}`,
        );
        return;
      }
      const changed = await client.request<Settings>('PATCH', '/settings', { [name]: await readValue(name, value) });
      show(context, flags.json, changed, () => `${name} is ${formatSetting(changed[name])}.`);
    });

function findName(key: string): keyof Settings {
  const names = Object.keys(SETTING_TEXTS) as (keyof Settings)[];
  const name = names.find((one) => one.toLowerCase() === key.toLowerCase().replaceAll(/[-_]/g, ''));
  if (name === undefined) throw usageError(`There is no setting "${key}".`, `There are ${names.join(', ')}.`);
  return name;
}

/** @throws CliError that says what the setting may be */
async function readValue(name: keyof Settings, text: string): Promise<unknown> {
  // The schemas take longer to load than everything else here; only a change needs them.
  const { DEFAULT_SETTINGS, Settings: schema } = await import('../../contract/settings.ts');
  const parsed = schema.shape[name].safeParse(readLike(DEFAULT_SETTINGS[name], text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    // One of our own says what is wrong with it.
    if (issue?.code === 'custom') throw usageError(`${name} ${issue.message}.`);
    throw usageError(`${name} is ${SETTING_TEXTS[name].values}, not "${text}".`);
  }
  return parsed.data;
}

function readLike(like: unknown, text: string): unknown {
  if (typeof like === 'boolean')
    return /^(on|true|yes|1)$/i.test(text) ? true : /^(off|false|no|0)$/i.test(text) ? false : text;
  if (typeof like === 'number') return text.trim() === '' ? text : Number(text);
  return text;
}
