/** Keeps every page of the application where it belongs. Each guard asks a policy; what it may do is decided there. */
import { app, session, shell, type WebContents } from 'electron';
import { externalAddress, isNetworkAddress, isOwnAddress, isOwnDownload } from './navigation-policy.ts';
import { isPermissionGranted } from './permission-policy.ts';

/** Guards that hold for every page ever made. Before the first window. */
export function guardPages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (details) => {
      if (!isOwnAddress(details.url)) details.preventDefault();
    });
    contents.on('will-redirect', (details) => {
      if (!isOwnAddress(details.url)) details.preventDefault();
    });
    contents.on('will-frame-navigate', (details) => {
      if (!isOwnAddress(details.url)) details.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      openOutside(url);
      return { action: 'deny' };
    });
  });
}

/** The session: no permission but copying, no network, no download from elsewhere. After the application is ready. */
export function guardSession(): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, callback, details) =>
    callback(isPermissionGranted(permission, requesterOf(contents, details))),
  );
  defaultSession.setPermissionCheckHandler((_contents, permission, requestingOrigin) =>
    isPermissionGranted(permission, requestingOrigin),
  );
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.setDisplayMediaRequestHandler((_request, callback) => callback(null));
  defaultSession.webRequest.onBeforeRequest((details, callback) => callback({ cancel: isNetworkAddress(details.url) }));
  defaultSession.on('will-download', (event, item) => {
    if (!isOwnDownload(item.getURL())) event.preventDefault();
  });
}

/** No exception for a broken certificate: nothing here speaks TLS, so there is nobody to trust. */
export function denyCertificateErrors(): void {
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, callback) => {
    event.preventDefault();
    callback(false);
  });
}

function requesterOf(contents: WebContents, details: { readonly requestingUrl?: string }): string {
  return details.requestingUrl ?? contents.getURL();
}

function openOutside(address: string): void {
  const allowed = externalAddress(address);
  if (allowed !== null) void shell.openExternal(allowed).catch(() => {});
}
