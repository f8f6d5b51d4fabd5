/** Turns the bytes of one log line into coloured pieces. Called for lines in sight only. */
import Anser from 'anser';

const MAX_SHOWN_CHARS = 2_000;
const decoder = new TextDecoder();
// Everything that moves a cursor or sets a title: not for a log.
const CONTROL =
  // eslint-disable-next-line no-control-regex
  /\u001b\[[0-9;?]*[A-HJKSTfhlnsu]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[=>()][0-9A-B]?|[\u0000-\u0008\u000b\u000c\u000e-\u001a]/g;

export interface Piece {
  readonly text: string;
  readonly className: string;
  readonly color: string | null;
  readonly background: string | null;
}

/** A progress bar redraws itself with carriage returns: what stands after the last one is what a terminal shows. */
export function collapseReturns(text: string): string {
  if (!text.includes('\r')) return text;
  const parts = text.split('\r');
  return parts.findLast((part) => part !== '') ?? '';
}

/** @returns the text of a line as a terminal would leave it, colours still in it. */
export function decodeLine(bytes: Uint8Array): string {
  return collapseReturns(decoder.decode(bytes)).replace(CONTROL, '');
}

/** @returns the line in pieces of one style; a long line is cut and says so. */
export function renderLine(bytes: Uint8Array): Piece[] {
  const text = decodeLine(bytes);
  const shown = text.length > MAX_SHOWN_CHARS ? text.slice(0, MAX_SHOWN_CHARS) : text;
  const cut = text.length - shown.length;
  const tail: Piece[] =
    cut === 0
      ? []
      : [
          {
            text: ` … ${cut.toLocaleString('en-US')} more characters, see the download`,
            className: 'log-note',
            color: null,
            background: null,
          },
        ];
  if (!shown.includes('\u001b')) return [{ text: shown, className: '', color: null, background: null }, ...tail];
  const pieces = Anser.ansiToJson(shown, { use_classes: true, json: true, remove_empty: true }).map((entry): Piece => ({
    text: entry.content,
    className: [
      entry.fg && entry.fg !== 'ansi-truecolor' ? `${entry.fg}-fg` : '',
      entry.bg && entry.bg !== 'ansi-truecolor' ? `${entry.bg}-bg` : '',
      ...entry.decorations.map((each) => `ansi-${each}`),
    ]
      .filter(Boolean)
      .join(' '),
    color: entry.fg_truecolor ? `rgb(${entry.fg_truecolor})` : null,
    background: entry.bg_truecolor ? `rgb(${entry.bg_truecolor})` : null,
  }));
  return [...pieces, ...tail];
}
