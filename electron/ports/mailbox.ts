/**
 * The port to a mailbox: immutable objects under one prefix, through which the engine and the agent of an attempt elsewhere talk.
 * Implemented
 * on a directory of an SSH machine, on S3 and by a fake; one conformance suite runs on all. No I/O here.
 *
 * Keys are relative to the mailbox: parts of [A-Za-z0-9._-] joined by "/", at most 512 characters, no part is "." or "..".
 * An object never changes once it is there; whoever has seen a key may remember what it holds.
 */
export interface MailboxObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** A request that needs no credentials, for a machine that has none. */
export interface HandedRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Fields of a form that go before the file (POST); empty for GET. */
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

export type HandOutWish = { readonly read: string } | { readonly storeUnder: string } | { readonly listUnder: string };

export interface Mailbox {
  /**
   * Stores an object whole or not at all, and durably.
   * @param body bytes, or a file that does not change meanwhile (sent in parts that survive an interruption where the adapter can)
   * @param onSent bytes that have arrived so far
   * @returns 'exists' where an object of that key is there already; it is left as it is
   * @throws MailboxError
   */
  put(
    key: string,
    body: Uint8Array | { readonly file: string },
    options?: { readonly signal?: AbortSignal; readonly onSent?: (bytes: number) => void },
  ): Promise<'stored' | 'exists'>;
  /**
   * @param from offset of the first byte
   * @param length null = to the end; fewer bytes come where the object ends before
   * @throws MailboxError not_found
   */
  read(key: string, from?: number, length?: number | null): Promise<Uint8Array>;
  /**
   * Copies an object into a file; goes on where a broken copy in `file + ".part"` ends; the file appears whole or not at all.
   * @throws MailboxError not_found
   */
  fetch(key: string, file: string, signal?: AbortSignal): Promise<void>;
  /**
   * In the order of the keys' bytes.
   * @param prefix only keys that begin with it
   * @param after only keys that come after it; null = from the first
   * @returns at most 1,000; `more` where there are others
   */
  list(
    prefix: string,
    after?: string | null,
  ): Promise<{ readonly objects: readonly MailboxObject[]; readonly more: boolean }>;
  /** Removes every object whose key begins with the prefix. Nothing there is no error. */
  remove(prefix: string): Promise<void>;
  /**
   * Requests for a machine without credentials: to read one key, to store keys that begin with a prefix, or to list those. Missing where
   * the agent reaches the mailbox itself. The answer to a list is S3's XML (`ListObjectsV2`); the machine adds nothing to the request, so
   * what is listed must be few.
   * @param signedAtMs what is asked for with the same time is answered with the same bytes, as long as the credentials are the same
   */
  handOut?(wish: HandOutWish, forMs: number, signedAtMs: number): Promise<HandedRequest>;
  close(): Promise<void>;
}

/**
 * `network`: tried again as it is; `auth`: somebody has to look at the credentials; `full`: no room there; `refused`: it will not
 * work this way.
 */
export type MailboxErrorCode = 'not_found' | 'network' | 'auth' | 'full' | 'refused';

export class MailboxError extends Error {
  readonly code: MailboxErrorCode;
  readonly remedy: string | null;
  constructor(code: MailboxErrorCode, message: string, remedy: string | null = null, cause?: unknown) {
    super(message, { cause });
    this.name = 'MailboxError';
    this.code = code;
    this.remedy = remedy;
  }
}
