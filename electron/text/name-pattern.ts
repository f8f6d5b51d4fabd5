/**
 * The GPU name patterns of `resources.gpu_name`. Pure; linear in the length of the name for any number of stars
 * (no regular expression is built from the user's text).
 */

/**
 * @param pattern `*` stands for any text, `?` for one character, case does not matter; a pattern without either
 * matches every name that contains it, so "4090" finds "NVIDIA GeForce RTX 4090"
 */
export function matchesName(pattern: string, name: string): boolean {
  const p = pattern.trim().toLowerCase();
  const n = name.toLowerCase();
  if (!p.includes('*') && !p.includes('?')) return n.includes(p);
  let at = 0;
  let pos = 0;
  let star = -1;
  let resumeAt = 0;
  while (pos < n.length) {
    if (at < p.length && p[at] === '*') {
      star = at++;
      resumeAt = pos;
    } else if (at < p.length && (p[at] === '?' || p[at] === n[pos])) {
      at++;
      pos++;
    } else if (star >= 0) {
      at = star + 1;
      pos = ++resumeAt;
    } else {
      return false;
    }
  }
  while (at < p.length && p[at] === '*') at++;
  return at === p.length;
}
