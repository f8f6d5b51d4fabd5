/**
 * What a program printed may be shown in a terminal as text with colours. A terminal obeys what it reads: titles, the clipboard, answers
 * it types for the user, cursor moves that overwrite what stood there. So this is a list of what may pass, not of what may not:
 *
 * text       every character that is no control character; bytes that are not UTF-8 become U+FFFD, because an 8-bit terminal takes some
 *            of them for control characters
 * line ends  line feed, tab, carriage return and backspace: progress bars live on them, and they do not leave their line
 * colours    ESC [ … m
 * line rests ESC [ K, which clears the current line only
 *
 * ESC always begins anew, whatever came before it, and nothing of a sequence is shown before it is whole and allowed. Sequences are
 * read as in ECMA-48, sections 5.3 to 5.6; what a terminal would swallow with a sequence (the text of a title) goes with it,
 * but at the end of the line the text goes on. Pure but for the state between two chunks.
 */

const ESC = '\u001B';
/** Colours of a whole theme are longer than any a program means. */
const SEQUENCE_LONGEST = 128;

/** text; after ESC; between ESC and its last character; in ESC [ …; in a string until its end; after ESC in a string. */
type Mode = 'text' | 'escape' | 'intermediate' | 'control' | 'string';

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROLS = /[\u0000-\u0007\u000B\u000C\u000E-\u001F\u007F-\u009F]/;
// oxlint-disable-next-line no-control-regex -- the same
const ALLOWED_CONTROL = /^\u001B\[(?:[0-9;:]*m|[0-2]?K)$/;

/** A filter of characters; what is unfinished at the end of a piece goes on with the next. */
function createCharacterFilter(): (text: string) => string {
  let mode: Mode = 'text';
  let held = '';
  /** @returns what may be shown of a character outside of sequences */
  const showText = (char: string): string => {
    mode = 'text';
    if (char === ESC) {
      mode = 'escape';
      return '';
    }
    // The one-character forms of ESC [ and of the openers of strings.
    if (char === '\u009B') {
      mode = 'control';
      // Never allowed in this form: some terminals do not know it and would show its rest as text.
      held = char;
      return '';
    }
    if ('\u0090\u0098\u009D\u009E\u009F'.includes(char)) {
      mode = 'string';
      return '';
    }
    return CONTROLS.test(char) ? '' : char;
  };
  const next = (char: string): string => {
    if (char === ESC) return showText(char);
    switch (mode) {
      case 'text':
        return showText(char);
      case 'escape':
        if (char === '[') {
          mode = 'control';
          held = `${ESC}[`;
        } else if (']PX^_'.includes(char)) mode = 'string';
        else if (char >= ' ' && char <= '/') mode = 'intermediate';
        else if (char >= '0' && char <= '~') mode = 'text';
        else return showText(char);
        return '';
      case 'intermediate':
        if (char >= ' ' && char <= '/') return '';
        if (char < '0' || char > '~') return showText(char);
        mode = 'text';
        return '';
      case 'control': {
        if (char < ' ' || char > '~') return showText(char);
        if (held.length < SEQUENCE_LONGEST) held += char;
        if (char < '@') return '';
        mode = 'text';
        return ALLOWED_CONTROL.test(held) ? held : '';
      }
      case 'string':
        // BEL, CAN, SUB and ST end it; so does the end of the line, or one opener would hide all that follows.
        if ('\u0007\u0018\u001A\u009C'.includes(char)) mode = 'text';
        else if (char === '\n') return showText(char);
        return '';
    }
  };
  return (text) => {
    // Most output has nothing of the kind in it.
    if (mode === 'text' && !CONTROLS.test(text)) return text;
    let shown = '';
    for (const char of text) shown += next(char);
    return shown;
  };
}

/** @returns a function that takes the next bytes of an output and gives those that may be shown */
export function createTerminalFilter(): (bytes: Uint8Array) => Uint8Array {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const encoder = new TextEncoder();
  const filter = createCharacterFilter();
  return (bytes) => encoder.encode(filter(decoder.decode(bytes, { stream: true })));
}

/**
 * For lines of our own that hold words from outside (names, reasons, processes, paths).
 * @returns the text with our colours; nothing in it can go back on its line
 */
export function showable(text: string): string {
  return createCharacterFilter()(text).replaceAll(/[\r\b]/g, '');
}
