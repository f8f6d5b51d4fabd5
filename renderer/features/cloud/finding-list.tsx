/** What a look at a place or an account found, each with its mark. */

export interface Finding {
  readonly id: string;
  readonly level: 'ok' | 'warning' | 'error';
  readonly text: string;
  readonly remedy: string | null;
}

const MARKS = { ok: '✓', warning: '!', error: '✕' } as const;
const SAID = { ok: 'fine', warning: 'warning', error: 'in the way' } as const;

export function FindingList({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <ul className="finding-list">
      {findings.map(({ id, level, text, remedy }) => (
        <li key={id} className={`finding-${level}`}>
          <i role="img" aria-label={SAID[level]}>
            {MARKS[level]}
          </i>
          <span>
            {text}
            {remedy !== null && <span className="dim lines">{remedy}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
