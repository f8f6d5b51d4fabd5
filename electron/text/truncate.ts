/** Texts that are cut to a length. Pure. */

/** @returns the text, or its beginning with an ellipsis, `most` UTF-16 units long at most */
export function truncateText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
