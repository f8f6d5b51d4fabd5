/** New experiment: an example, a directory with a command, or a pasted configuration. */
import { Modal, SegmentedControl, Textarea } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { FormEvent } from 'react';
import type { SubmitBodyInput, SubmitResult } from '../../../electron/contract/config.ts';
import { api } from '../../api/client.ts';
import type { Example } from '../../api/client.ts';
import { ApiError, toApiError } from '../../api/problem.ts';
import { Button } from '../../ui/button.tsx';
import { ProblemBox } from '../../shared/dialog-frame.tsx';
import { sayPreview } from '../../../electron/text/say-preview.ts';
import { joinSentences } from '../../ui/format.ts';
import { toastDone } from '../../shared/toasts.tsx';
import { isOfRefusedField, useProblem } from '../../shared/use-problem.ts';
import { closeDialog, inspect, useView } from '../../shared/view-state.ts';
import { AfterField } from './after-field.tsx';
import { AFTER_LOOKED_AT, readAfter } from './after-words.ts';
import { CommandFields, isAtFault } from './command-fields.tsx';
import { DirectoryField } from './directory-field.tsx';
import { buildConfig, chosenPython, describeRefusal, EMPTY_FORM, readSource } from './submit-form.ts';
import type { SubmitForm } from './submit-form.ts';
import { useAdvice, useEnvironments, useRecent } from './use-form-facts.ts';
import type { Advice } from './use-form-facts.ts';

/** Typing rests so long before the engine is asked what it would say. */
const REST_MS = 500;
/** The engine takes no larger search. */
const MOST_TRIALS = 10_000;

type Way = 'command' | 'yaml' | 'example';

/** @param directory where the code is, when that is known already */
export function SubmitDialog({ directory = '' }: { readonly directory?: string | undefined }) {
  const [way, setWay] = useState<Way>('command');
  const [form, setForm] = useState<SubmitForm>(() => ({
    ...EMPTY_FORM,
    directory,
    pool: useView.getState().poolId ?? '',
  }));
  const [yaml, setYaml] = useState('');
  const [examples, setExamples] = useState<readonly Example[]>([]);
  const [problem, setProblem] = useProblem();
  const [busy, setBusy] = useState(false);
  const recent = useRecent();
  const environments = useEnvironments(form.directory);
  const [advice, askAdvice] = useAdvice();
  const [key] = useState(() => crypto.randomUUID());
  useEffect(() => {
    api
      .examples()
      .then((answer) => setExamples(answer.examples))
      .catch(() => undefined);
  }, []);

  const formElement = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (problem !== null) formElement.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem]);

  const send = async (call: () => Promise<SubmitResult>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const result = await call();
      const first = result.trialIds[0];
      closeDialog();
      toastDone(joinSentences([sayQueued(result.trialIds), ...result.notes]));
      if (first !== undefined) inspect(first);
    } catch (error) {
      setProblem(toApiError(error));
    } finally {
      setBusy(false);
    }
  };

  const describe = async (): Promise<Pick<SubmitBodyInput, 'config' | 'source'>> => {
    const { parse } = await import('yaml');
    const config = way === 'yaml' ? readYaml(yaml, parse) : buildConfig(form, parse, chosenPython(form, environments));
    return { config, source: readSource(form.directory, form.inPlace) };
  };

  // A script that is not there is better told before the submit.
  const latest = useRef({ describe, askAdvice });
  useEffect(() => {
    latest.current = { describe, askAdvice };
  });
  useEffect(() => {
    latest.current.askAdvice(null);
    if (way === 'example' || (way === 'command' ? form.command : yaml).trim() === '') return;
    // What is missing in the form itself is told at the submit.
    const ask = (): void =>
      void latest.current.describe().then(latest.current.askAdvice, () => latest.current.askAdvice(null));
    const timer = setTimeout(ask, REST_MS);
    return () => clearTimeout(timer);
  }, [way, form, yaml, environments]);

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    askAdvice(null);
    void send(async () => {
      const { config, source } = await describe();
      const after = await readAfter(form, async (search) => {
        const { trials } = await api.listTrials({ search, archived: 'all', limit: AFTER_LOOKED_AT });
        return trials;
      });
      return api.submit({
        config,
        source,
        after,
        ...(problem?.code === 'too_many_trials' ? { allowTrials: MOST_TRIALS } : {}),
        idempotencyKey: `${key}-${hash(JSON.stringify([config, source, after]))}`,
      });
    });
  };

  return (
    <Modal opened onClose={closeDialog} title="New experiment" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        ref={formElement}
        className="dialog-form"
        onSubmit={onSubmit}
        onChange={(event) => {
          if (isOfRefusedField(event)) setProblem(null);
        }}
        noValidate
      >
        <SegmentedControl
          size="xs"
          aria-label="How to describe it"
          value={way}
          onChange={(value) => {
            setWay(value as Way);
            setProblem(null);
          }}
          data={[
            { value: 'command', label: 'Directory and command' },
            { value: 'yaml', label: 'Paste a configuration' },
            ...(examples.length > 0 ? [{ value: 'example', label: 'Example' }] : []),
          ]}
        />
        {way === 'example' &&
          examples.map((example) => (
            <div key={example.id} className="example">
              <div>
                <b>{example.title}</b>
                <p className="dim">{example.description}</p>
              </div>
              <Button tone="primary" disabled={busy} onClick={() => void send(() => api.runExample(example.id))}>
                Run the example
              </Button>
            </div>
          ))}
        {way !== 'example' && (
          <DirectoryField
            value={form.directory}
            inPlace={form.inPlace}
            recent={recent.directories}
            onChange={(directory) => setForm({ ...form, directory })}
            error={isAtFault(problem, 'directory')}
          />
        )}
        {way === 'command' && (
          <CommandFields
            form={form}
            onChange={setForm}
            problem={problem}
            environments={environments}
            recentLabels={recent.labels}
          />
        )}
        {way === 'yaml' && (
          <Textarea
            label="Configuration (YAML)"
            autosize
            minRows={10}
            maxRows={20}
            className="mono-input"
            spellCheck={false}
            value={yaml}
            onChange={(event) => setYaml(event.currentTarget.value)}
            placeholder={'name: baseline\nentrypoint: python train.py\nresources:\n  slots: 1'}
          />
        )}
        {way === 'yaml' && (
          <div className="field-grid">
            <AfterField
              form={form}
              error={isAtFault(problem, 'after')}
              onChange={(patch) => setForm({ ...form, ...patch })}
            />
          </div>
        )}
        <div className="dialog-foot">
          {problem !== null && (
            <ProblemBox
              problem={problem}
              text={
                way === 'command' || problem.path?.startsWith('source') === true || problem.path === 'after'
                  ? describeRefusal(problem)
                  : problem.message
              }
            />
          )}
          {problem === null && way !== 'example' && advice !== null && <AdviceBox advice={advice} />}
          <div className="dialog-buttons">
            <Button onClick={closeDialog}>Cancel</Button>
            {way !== 'example' && (
              <Button type="submit" tone="primary" disabled={busy}>
                {busy ? 'Taking a snapshot…' : problem?.code === 'too_many_trials' ? 'Queue them all' : 'Submit'}
              </Button>
            )}
          </div>
        </div>
      </form>
    </Modal>
  );
}

const MOST_NAMED = 5;

function sayQueued(ids: readonly number[]): string {
  if (ids.length === 0) return 'Queued';
  return ids.length > MOST_NAMED ? `Queued as #${ids[0]} to #${ids.at(-1)}` : `Queued as #${ids.join(', #')}`;
}

/** What the engine would say to a submit of this, before it. */
function AdviceBox({ advice: { problem, notes, preview } }: { readonly advice: Advice }) {
  if (problem === null && notes.length === 0 && preview === null) return null;
  return (
    <div className={problem === null ? 'dim advice' : 'advice advice-wait'} role="status">
      {problem === null ? joinSentences(notes) : describeRefusal(problem)}
      {preview !== null && <div className="lines">{joinSentences(sayPreview(preview))}</div>}
      {problem?.remedy !== undefined && <div className="dim lines">{problem.remedy}</div>}
    </div>
  );
}

function readYaml(text: string, parse: (text: string) => unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ApiError({
      status: 0,
      code: 'invalid_config',
      detail: `This is not valid YAML: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError({
      status: 0,
      code: 'invalid_config',
      detail: 'A configuration is a list of keys with values.',
      remedy: 'Begin with: entrypoint: python train.py',
    });
  }
  return value as Record<string, unknown>;
}

/** A short fingerprint: the same input twice is one submit, an edited one is another. */
function hash(text: string): string {
  let value = 5381;
  for (let i = 0; i < text.length; i += 1) value = ((value * 33) ^ text.charCodeAt(i)) >>> 0;
  return value.toString(36);
}
