/** "Did you mean …?": finds the known word nearest to one that is not known. Pure. */
import { distance } from 'fastest-levenshtein';

const normalize = (word: string): string => word.toLowerCase().replaceAll(/[-\s.]/g, '_');

/**
 * @param word what the user wrote, of any length
 * @param known candidates; the first of equally near ones wins
 * @returns the nearest candidate, or null when nothing is near enough to be what was meant
 */
export function suggest(word: string, known: Iterable<string>): string | null {
  const wanted = normalize(word).slice(0, 200);
  let best: string | null = null;
  // Further away than this the hint is more puzzling than none; 2 allows swapped letters.
  let bestDistance = (wanted.length <= 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3))) + 1;
  for (const candidate of known) {
    const d = distance(wanted, normalize(candidate));
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}
