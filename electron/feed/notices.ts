/** Conditions the user should know of, each under a stable id: raised once, lowered when over. */
import type { Notice } from '../contract/feed.ts';

export interface Notices {
  raise(notice: Omit<Notice, 'sinceMs'>): void;
  lower(id: string): void;
  list(): Notice[];
}

export function createNotices(nowMs: () => number, onChange: (notices: Notice[]) => void): Notices {
  const notices = new Map<string, Notice>();
  return {
    raise(notice) {
      const before = notices.get(notice.id);
      if (before !== undefined && before.text === notice.text && before.level === notice.level) return;
      notices.set(notice.id, { ...notice, sinceMs: before?.sinceMs ?? nowMs() });
      onChange([...notices.values()]);
    },
    lower(id) {
      if (notices.delete(id)) onChange([...notices.values()]);
    },
    list: () => [...notices.values()],
  };
}
