/**
 * Progress bars as tqdm writes them: `Epoch 3/10:  45%|####5     | 450/1000 [00:45<00:55,  9.90it/s, loss=0.3]`. Pure; of a line
 * of any length no more than its first 1,000 characters are looked at.
 */

const MAX_CHARS = 1_000;
const BEGIN = /\d{1,3}%\|/;
/** Percent and bar, position/total, [elapsed<left, rate unit. */
const CORE = new RegExp(
  [
    /\d{1,3}%\|[^|]{0,300}\|\s*/,
    /([\d.]{1,20})([kMGTPE]?)[A-Za-z]{0,9}\/([\d.]{1,20})([kMGTPE]?)[A-Za-z]{0,9}\s*/,
    /\[([\d:]{1,20})<([\d:?]{1,20})/,
    /(?:,\s*(?:([\d.]{1,20})|\?)([kMGTPE]?)([^\s,\]]{0,20}))?/,
  ]
    .map(({ source }) => source)
    .join(''),
  'y',
);
const SCALE: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };

export interface Bar {
  /** What stands before it; '' = nothing. */
  readonly label: string;
  readonly position: number;
  /** Greater than 0. */
  readonly total: number;
  readonly elapsedMs: number;
  /** As the bar says it; null = it does not know yet. */
  readonly remainingMs: number | null;
  /** Steps a second; null = not known yet. */
  readonly perSecond: number | null;
  /** It counts bytes: a download, not a training. */
  readonly isBytes: boolean;
  /** What stands in the line besides the bar itself: the label, and what the program adds behind it. */
  readonly rest: string;
}

/** @param line without escape sequences (plain-line.ts). @returns null where it has no bar with a total */
export function parseBar(line: string): Bar | null {
  const text = line.slice(0, MAX_CHARS);
  const at = text.search(BEGIN);
  if (at === -1) return null;
  CORE.lastIndex = at;
  const found = CORE.exec(text);
  if (found === null) return null;
  const [
    ,
    done = '',
    doneScale = '',
    all = '',
    allScale = '',
    elapsed = '',
    left = '',
    rate,
    rateScale = '',
    unit = '',
  ] = found;
  const position = Number(done) * (SCALE[doneScale] ?? 1);
  const total = Number(all) * (SCALE[allScale] ?? 1);
  const elapsedMs = toMs(elapsed);
  if (!(total > 0) || !(position >= 0) || !Number.isFinite(total) || elapsedMs === null) return null;
  const label = text.slice(0, at).trim().replace(/:$/, '').trim();
  const speed = rate === undefined ? Number.NaN : Number(rate) * (SCALE[rateScale] ?? 1);
  const perSecond = unit.startsWith('s/') ? 1 / speed : speed;
  return {
    label,
    position: Math.min(position, total),
    total,
    elapsedMs,
    remainingMs: toMs(left),
    perSecond: Number.isFinite(perSecond) ? perSecond : null,
    isBytes: /^i?B\/s$/.test(unit),
    rest: `${label} ${text.slice(at + found[0].length).replace(/\]\s*$/, '')}`,
  };
}

/** @param text "00:45", "1:02:03"; null for what is no such time */
function toMs(text: string): number | null {
  if (!/^\d+(?::\d+){0,2}$/.test(text)) return null;
  const ms = text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
  return Number.isFinite(ms) ? ms : null;
}
