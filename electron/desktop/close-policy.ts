/** What closing the window means. Pure. */

export interface CloseFacts {
  readonly closeToTray: boolean;
  /** The application is ending anyway. */
  readonly isQuitting: boolean;
  readonly hasTray: boolean;
}

/** @returns hide: the window goes, the engine stays in the tray; quit: the application ends; close: let it happen */
export function decideClose(facts: CloseFacts): 'hide' | 'quit' | 'close' {
  if (facts.isQuitting) return 'close';
  return facts.closeToTray && facts.hasTray ? 'hide' : 'quit';
}
