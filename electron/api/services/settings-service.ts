/** The engine's settings. */
import type { Settings } from '../../contract/settings.ts';
import type { FeedFrame } from '../../ports/engine-api.ts';
import type { Store } from '../../store/database.ts';
import { editSettings, readSettings } from '../../store/settings.ts';

export interface SettingsService {
  settings(): Settings;
  updateSettings(edit: Partial<Settings>): Settings;
}

export function createSettingsService(deps: {
  readonly store: Store;
  readonly publish: (frame: FeedFrame) => void;
}): SettingsService {
  return {
    settings: () => readSettings(deps.store.db),
    updateSettings(edit) {
      const settings = editSettings(deps.store, edit);
      deps.publish({ event: 'settings', data: settings });
      return settings;
    },
  };
}
