/** Names for experiments nobody named: adjective-noun-number, easy to say and to tell apart. Pure. */

const ADJECTIVES = ['amber', 'brisk', 'calm', 'clear', 'copper', 'early', 'even', 'fair', 'gentle', 'green', 'grand', 'high', 'keen', 'light', 'lucid', 'mild',
  'misty', 'noble', 'northern', 'open', 'patient', 'plain', 'quick', 'quiet', 'rapid', 'silver', 'slow', 'southern', 'steady', 'still', 'sunny', 'warm'] as const;
const NOUNS = ['arch', 'beacon', 'branch', 'bridge', 'canal', 'coach', 'crossing', 'depot', 'engine', 'ferry', 'gauge', 'grade', 'halt', 'harbor', 'junction',
  'lantern', 'lever', 'line', 'meadow', 'platform', 'rail', 'ridge', 'river', 'shunter', 'siding', 'signal', 'sleeper', 'spur', 'switch', 'tender', 'tunnel', 'valley'] as const;

/** @param random returns 0 <= x < 1 */
export function generateName(random: () => number): string {
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${10 + Math.floor(random() * 90)}`;
}
