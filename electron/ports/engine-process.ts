/** What the desktop's engine process and the program that started it say to each other. */

export interface EngineProcessOrder {
  readonly version: string;
  readonly resourcesDir: string;
}

export type FromEngineProcess =
  /** Its socket takes requests. */
  | { readonly kind: 'listening'; readonly socket: string }
  /** No engine was started; the process ends. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly remedy: string | null }
  /** Asked to stop through the API; it has closed, the process ends. */
  | { readonly kind: 'stopped' }
  /** It cannot go on and must not be started again; the process ends at once. */
  | { readonly kind: 'lost'; readonly message: string };

export interface ToEngineProcess {
  readonly kind: 'close';
}
