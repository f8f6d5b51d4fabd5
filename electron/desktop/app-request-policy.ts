/** Which requests on the private scheme are answered. Pure. */
import { APP_ORIGIN, isOwnAddress } from './navigation-policy.ts';

export interface AppRequest {
  readonly url: string;
  readonly method: string;
  /** The Origin header; the browser sets it on requests that change something. */
  readonly origin: string | null;
  /**
   * Who made the request, as Electron knows it and no page can write it; undefined when the browser itself did (a window's first
   * load), null for a page with no origin of its own (a sandboxed frame, a data address).
   */
  readonly initiatorOrigin: string | null | undefined;
}

/** @returns 'ui' or 'api' when it is answered, else 'refused' */
export function judgeAppRequest(request: AppRequest): 'ui' | 'api' | 'refused' {
  if (!isOwnAddress(request.url)) return 'refused';
  if (request.origin !== null && request.origin !== APP_ORIGIN) return 'refused';
  if (request.initiatorOrigin !== undefined && request.initiatorOrigin !== APP_ORIGIN) return 'refused';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead && request.origin === null && request.initiatorOrigin === undefined) return 'refused';
  const { pathname } = new URL(request.url);
  return pathname.startsWith('/api/') ? 'api' : 'ui';
}
