/** The configuration as it was submitted, and what the engine made of it. */
import type { TrialDetail } from '../../../electron/contract/trials.ts';
import { Button } from '../../ui/button.tsx';
import { CopyText } from '../../shared/copy-text.tsx';
import { ShowInFiles } from '../../shared/show-in-files.tsx';
import { toastDone, toastError } from '../../shared/toasts.tsx';
import { openDialog } from '../../shared/view-state.ts';
import { TrialMessageChoice } from './trial-messages.tsx';

export function ConfigTab({ detail }: { readonly detail: TrialDetail | null }) {
  if (detail === null) return null;
  const { trial } = detail;
  const copy = (): void =>
    void navigator.clipboard.writeText(detail.configYaml).then(() => toastDone('Configuration copied'), toastError);
  const facts: readonly (readonly [string, string | null, ('workDir' | 'outputDir' | 'checkpointDir')?])[] = [
    ['Command', trial.command],
    ['Source', detail.source],
    ['Snapshot', detail.snapshot],
    ['Working directory', detail.workDir, 'workDir'],
    ['Outputs', detail.outputDir, 'outputDir'],
    ['Checkpoints', detail.checkpointDir, 'checkpointDir'],
  ];
  return (
    <div className="tab-scroll">
      <div className="tab-actions">
        <Button size="small" onClick={copy}>
          Copy
        </Button>
        <Button size="small" onClick={() => openDialog({ kind: 'duplicate', trialId: trial.id })}>
          Duplicate with edits…
        </Button>
      </div>
      <dl className="facts">
        {facts.map(
          ([name, value, place]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <CopyText text={value} what={name.toLowerCase()}>
                    {place !== undefined && <ShowInFiles trialId={trial.id} place={place} what={name.toLowerCase()} />}
                  </CopyText>
                </dd>
              </div>
            ),
        )}
      </dl>
      <TrialMessageChoice trialId={trial.id} />
      <pre className="yaml mono" tabIndex={0} aria-label="Configuration as YAML">
        {detail.configYaml}
      </pre>
    </div>
  );
}
