/**
 * Values put into a line for the shell, each as one piece of a word whatever is in it. Pure.
 *
 * The line is followed only as far as its quotes are simple. From the first thing on that another grammar governs (a here-document, a
 * substitution with quotes in it, ANSI-C quotes, the line of another shell) what quotes mean is not known: there only values go in that
 * mean the same everywhere.
 */

/** Where in its quotes a line is: outside of all, within one kind, in a comment, or where it is not known. */
export type QuoteContext = 'bare' | '"' | "'" | 'comment' | 'unclear';

/** The same in and out of all quotes. */
const PLAIN = /^[\w@%+=:,./-]+$/;
/** In double quotes, a substitution without quotes or another one in it. */
const SIMPLE_SUBSTITUTION = /\$\([^()'"`\\{}#<]*\)/y;
/** Such words hand what stands behind them to another shell, which reads it once more. */
const ANOTHER_SHELL = /(?:^|[\s/;&|('"`])(?:ba|da|z|k|a)?sh\s/;
const LINE_FOLLOWS = /\s['"]?-\w*c\b/;
const READS_AGAIN = /(?:^|[\s/;&|('"`])(?:eval|ssh|su)\s/;

/** @returns where a line begins */
export function firstContext(line: string): QuoteContext {
  return READS_AGAIN.test(line) || (ANOTHER_SHELL.test(line) && LINE_FOLLOWS.test(line)) ? 'unclear' : 'bare';
}

/**
 * @param text some more of a line, up to where a value goes in
 * @param isFirst nothing stands before it
 */
export function contextAfter(text: string, before: QuoteContext, isFirst: boolean): QuoteContext {
  let context = before;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (context === 'unclear') break;
    if (context === 'comment') {
      if (char === '\n') context = 'bare';
    } else if (context === "'") {
      if (char === "'") context = 'bare';
    } else if (char === '\\') {
      // What it escapes is the value itself.
      if (++at >= text.length) context = 'unclear';
    } else if (char === '"') context = context === '"' ? 'bare' : '"';
    else if (char === '`') context = 'unclear';
    else if (char === '$') at = beyondDollar(text, at, context);
    else if (context === 'bare') {
      if (char === "'") context = "'";
      else if (char === '#' && (at === 0 ? isFirst : /[\s;&|()]/.test(text[at - 1] ?? ''))) context = 'comment';
      else if (text.startsWith('<<<', at)) at += 2;
      else if (text.startsWith('<<', at) || text.startsWith('((', at)) context = 'unclear';
    }
    if (at === Infinity) return 'unclear';
  }
  return context;
}

/** @returns the last character that belongs to it; Infinity = what follows is governed by another grammar */
function beyondDollar(text: string, at: number, context: QuoteContext): number {
  const next = text[at + 1] ?? '';
  if (next === '' || next === '{') return Infinity;
  if (context === '"') {
    if (next !== '(') return at;
    SIMPLE_SUBSTITUTION.lastIndex = at;
    return SIMPLE_SUBSTITUTION.test(text) ? SIMPLE_SUBSTITUTION.lastIndex - 1 : Infinity;
  }
  return next === "'" || text.startsWith('$((', at) ? Infinity : at;
}

/** @returns null where the value could become something else than one piece of a word */
export function quoteWithin(value: string, context: QuoteContext): string | null {
  if (PLAIN.test(value)) return value;
  const piece = value.replaceAll("'", `'\\''`);
  switch (context) {
    case 'unclear':
      return null;
    case 'comment':
      return value.replaceAll(/[\r\n]/g, ' ');
    case '"':
      return value.replaceAll(/[\\"$`]/g, '\\$&');
    case "'":
      return piece;
    case 'bare':
      return `'${piece}'`;
  }
}
