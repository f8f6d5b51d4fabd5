/** Whether a line like "lr=0.1,0.01" means several values, each for a trial of its own. Pure. */

const SWEEPS = /^(?:range|choice|shuffle|sort)\s*\(/;

/** @param value what stands behind the equals sign; commas in quotes and brackets divide nothing */
export function hasSeveralValues(value: string): boolean {
  const text = value.trim();
  if (SWEEPS.test(text)) return true;
  let depth = 0;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== null) {
      if (character === quote && text[at - 1] !== '\\') quote = null;
    } else if (character === '"' || character === "'") quote = character;
    else if ('[{('.includes(character)) depth += 1;
    else if (')}]'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) return true;
  }
  return false;
}
