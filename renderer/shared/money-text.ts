/** Amounts of money in words. An unknown price is never shown as nothing. */

/** @param usd US dollars; null = not known. @param isWhole false: there is more of which no price is known */
export function sayUsd(usd: number | null, isWhole = true): string {
  if (usd === null) return 'not known';
  return `$${usd.toFixed(2)}${isWhole ? '' : ' and what is not known'}`;
}
