/**
 * The port to clouds that credentials open. The library of a cloud is loaded when it is first used. No I/O here.
 * Opened anew for each operation, so that credentials that were changed count at once; nothing secret is kept.
 */
import type { AccountCredentials } from '../contract/cloud.ts';
import type { Provider } from './provider.ts';

export interface CloudAccess {
  readonly credentials: AccountCredentials;
  /** Where a simulated cloud answers; null = the real one. */
  readonly endpoint: string | null;
  /** Names of buckets and marks of machines carry it: two installs in one account do not touch each other's. */
  readonly engineId: string;
}

export interface CloudOpener {
  /** Makes no call yet. @throws ProviderError auth, where the credentials cannot be had on this machine */
  open(access: CloudAccess): Promise<Provider>;
}
