/** The engine's settings, one JSON value in the meta table. */
import type { Database } from 'better-sqlite3';
import { DEFAULT_SETTINGS, type Settings } from '../contract/settings.ts';
import type { Store } from './database.ts';
import { getMeta, setMeta } from './meta.ts';

const KEY = 'settings';

/** Settings that a version did not know yet take their defaults. */
export function readSettings(db: Database): Settings {
  const text = getMeta(db, KEY);
  return text === null ? DEFAULT_SETTINGS : { ...DEFAULT_SETTINGS, ...(JSON.parse(text) as Partial<Settings>) };
}

export function writeSettings(db: Database, settings: Settings): void {
  setMeta(db, KEY, JSON.stringify(settings));
}

/** Changes what `edit` names and leaves the rest. @returns all settings as they are now */
export function editSettings(store: Store, edit: Partial<Settings>): Settings {
  return store.transact(
    'settings',
    (tx) => {
      const named = Object.entries(edit).filter(([, value]) => value !== undefined);
      const settings: Settings = { ...readSettings(tx.db), ...Object.fromEntries(named) };
      writeSettings(tx.db, settings);
      return settings;
    },
    'must',
  );
}
