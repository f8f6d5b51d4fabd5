/** Saves what a GET answers as a file: the browser follows a link, which cannot carry the page's key, so a ticket goes with it. */
import { api } from './client.ts';
import { shell } from './shell.ts';

/**
 * @param url path and query on this origin
 * @param name of the file
 * @throws ApiError when the engine does not answer or this page is not signed in
 */
export async function download(url: string, name: string): Promise<void> {
  const link = document.createElement('a');
  link.download = name;
  link.href = shell.kind === 'desktop' ? url : `${url}&ticket=${await api.downloadTicket(url)}`;
  link.click();
}
