/** The text by which a trial is found: name, labels and command in lower case, one after the other. Pure. */

/** Between the parts; texts of others do not hold it. */
export const PART_END = '\u0001';

const clean = (text: string): string => text.replaceAll(PART_END, ' ').toLowerCase();

/** @returns `name ⌁ label ⌁ label ⌁ command`: each label stands between two ends, name and command do not */
export function searchTextOf(name: string, labels: readonly string[], command: string): string {
  return [name, ...labels, command].map(clean).join(PART_END);
}
