/** What the desktop tells its page, and what is dropped on it from outside. */
import { api } from '../api/client.ts';
import { startFeed } from '../api/feed.ts';
import { shell } from '../api/shell.ts';
import { showTrial } from '../shared/show-trial.ts';
import { toastDone, toastError } from '../shared/toasts.tsx';
import { openDialog } from '../shared/view-state.ts';

/** Once, when the page begins. Does nothing in a browser. */
export function listenToDesktop(): void {
  shell.onNews?.((news) => {
    // After a sleep, a connection may be one to nobody.
    if (news.kind === 'resumed') startFeed();
    else api.trial(news.trialId).then(({ trial }) => showTrial(trial), toastError);
  });
  const { pathOf } = shell;
  if (pathOf === undefined) return;
  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    const [item] = event.dataTransfer?.items ?? [];
    if (item === undefined || item.kind !== 'file') return;
    event.preventDefault();
    const file = item.getAsFile();
    const directory = file === null ? '' : pathOf(file);
    if (item.webkitGetAsEntry()?.isDirectory === true && directory !== '') openDialog({ kind: 'submit', directory });
    else toastDone('Drop a directory here to make it a new experiment.');
  });
}
