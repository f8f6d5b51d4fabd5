/** What closing the window means. Pure. */

export interface CloseFacts {
  readonly closeToTray: boolean;
  /** The desktop shows tray icons: without, a hidden window could not be brought back. */
  readonly hasTray: boolean;
}

/** @returns hide: the window goes, the engine stays in the tray; quit: the application ends, after a question if need be */
export function decideClose(facts: CloseFacts): 'hide' | 'quit' {
  return facts.closeToTray && facts.hasTray ? 'hide' : 'quit';
}
