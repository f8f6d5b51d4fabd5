/** What the page may ask of the system. Pure. */
import { isOwnAddress } from './navigation-policy.ts';

/** Copying text (a command, a log line) is all the page needs; Electron grants everything unless told otherwise. */
const GRANTED: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/** @param requester address or origin of the page that asks */
export function isPermissionGranted(permission: string, requester: string): boolean {
  return GRANTED.has(permission) && isOwnAddress(requester);
}
