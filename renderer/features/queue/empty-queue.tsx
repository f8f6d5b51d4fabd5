/** What an empty queue teaches: run the example, or submit from the shell. */
import { useEffect, useState } from 'react';
import { api } from '../../api/client.ts';
import type { Example } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { runExample } from '../../shared/engine-actions.ts';
import { openDialog } from '../../shared/view-state.ts';

export function EmptyQueue({ poolName }: { readonly poolName: string }) {
  const [examples, setExamples] = useState<readonly Example[]>([]);
  const [busy, setBusy] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    api
      .examples(abort.signal)
      .then((answer) => setExamples(answer.examples))
      .catch(() => undefined);
    return () => abort.abort();
  }, []);

  const run = async (example: Example): Promise<void> => {
    setBusy(example.id);
    await runExample(example.id);
    setBusy(null);
  };

  return (
    <section className="empty-queue" aria-label="No trials yet">
      <h2>Nothing is queued on {poolName}</h2>
      <p className="dim">
        Submit a training run and it starts when a GPU is really free. Until then it says what it waits for.
      </p>
      {examples.map((example) => (
        <div key={example.id} className="example">
          <div>
            <b>{example.title}</b>
            <p className="dim">{example.description}</p>
          </div>
          <Button tone="primary" disabled={busy !== null} onClick={() => void run(example)}>
            {busy === example.id ? 'Starting…' : 'Run the example'}
          </Button>
        </div>
      ))}
      <p className="dim">Or from a shell, in your project’s folder:</p>
      <code className="shell-line">switchyard submit --name baseline . -- python train.py</code>
      <Button onClick={() => openDialog({ kind: 'submit' })}>New experiment…</Button>
    </section>
  );
}
