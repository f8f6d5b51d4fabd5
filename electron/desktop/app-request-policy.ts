/** Which requests on the private scheme are answered. Pure. */
import { APP_ORIGIN, isOwnAddress } from './navigation-policy.ts';

export interface AppRequest {
  readonly url: string;
  readonly method: string;
  /** The Origin header; the browser sets it on requests that change something. */
  readonly origin: string | null;
  /** Who made the request, as Electron knows it and no page can write it; null when the browser itself did (a window's first load). */
  readonly initiatorOrigin: string | null;
}

/** @returns 'ui' or 'api' when it is answered, else 'refused' */
export function judgeAppRequest(request: AppRequest): 'ui' | 'api' | 'refused' {
  if (!isOwnAddress(request.url)) return 'refused';
  for (const origin of [request.origin, request.initiatorOrigin])
    if (origin !== null && origin !== APP_ORIGIN) return 'refused';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead && request.origin === null && request.initiatorOrigin === null) return 'refused';
  const { pathname } = new URL(request.url);
  return pathname.startsWith('/api/') ? 'api' : 'ui';
}
