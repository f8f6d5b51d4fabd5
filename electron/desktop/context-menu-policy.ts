/** What the right mouse button offers where. Pure. */

export interface ContextFacts {
  readonly isEditable: boolean;
  readonly hasSelection: boolean;
  readonly canPaste: boolean;
}

/** @returns none where there is nothing to do: the page has menus of its own there */
export function contextMenuOf(facts: ContextFacts): readonly ('cut' | 'copy' | 'paste' | 'selectAll')[] {
  if (!facts.isEditable) return facts.hasSelection ? ['copy'] : [];
  return [
    ...(facts.hasSelection ? (['cut', 'copy'] as const) : []),
    ...(facts.canPaste ? (['paste'] as const) : []),
    'selectAll',
  ];
}
