/** Tells screen readers what just happened; one polite live region for the whole window. */
import { useSyncExternalStore } from 'react';

let text = '';
const watchers = new Set<() => void>();

export function announce(message: string): void {
  // The same sentence twice is said twice: a trailing no-break space makes it new.
  text = message === text ? `${message}\u00a0` : message;
  watchers.forEach((watcher) => watcher());
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

export function Announcer() {
  const message = useSyncExternalStore(subscribe, () => text);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {message}
    </div>
  );
}
