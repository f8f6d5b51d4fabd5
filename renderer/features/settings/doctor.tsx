/** What the engine found on this machine, and the remedy where something is missing. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { DoctorCheck } from '../../../electron/contract/settings.ts';
import { api } from '../../api/client.ts';
import { toApiError } from '../../api/problem.ts';
import { useEngine } from '../../api/store.ts';
import { Button } from '../../ui/button.tsx';
import { Tag } from '../../ui/pieces.tsx';
import type { Tone } from '../../ui/pieces.tsx';
import { useView } from '../../shared/view-state.ts';

const TONES: Record<DoctorCheck['status'], Tone> = { ok: 'go', warning: 'wait', error: 'stop', info: 'hold' };
/** The same words as on the command line. */
const WORDS: Record<DoctorCheck['status'], string> = { ok: 'ok', warning: 'warning', error: 'error', info: 'note' };

export function Doctor() {
  const [checks, setChecks] = useState<readonly DoctorCheck[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const examine = useCallback(async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setChecks((await api.doctor()).checks);
    } catch (reason) {
      setError(toApiError(reason).message);
    } finally {
      setBusy(false);
    }
  }, []);
  const asked = useView((state) => state.doctorAsked);
  const connected = useEngine((state) => state.connection === 'live');
  useEffect(() => {
    if (connected) void examine();
  }, [examine, asked, connected]);
  const section = useRef<HTMLElement>(null);
  const answered = checks !== null;
  // Again when the answer is there: the page grows with it.
  useEffect(() => {
    if (asked > 0) section.current?.scrollIntoView({ block: 'start' });
  }, [asked, answered]);
  return (
    <section ref={section} className="settings-group" aria-label="Doctor">
      <h2>Doctor</h2>
      <div className="doctor">
        <Button size="small" disabled={busy} onClick={() => void examine()}>
          {busy ? 'Looking…' : 'Look again'}
        </Button>
        {error !== null && (
          <p className="inline-error" role="alert">
            {error}
          </p>
        )}
        <ul>
          {checks?.map((check) => (
            <li key={check.id}>
              <Tag tone={TONES[check.status]}>{WORDS[check.status]}</Tag>
              <div>
                <b>{check.title}</b> <span className="dim">{check.found}</span>
                {check.remedy !== null && <p className="remedy">{check.remedy}</p>}
              </div>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
