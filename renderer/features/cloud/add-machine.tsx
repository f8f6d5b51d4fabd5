/** The dialog that makes a pool of a machine over SSH: which, where work lies, what runs first, and a look at it before anything is kept. */
import { Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { SshTarget, TargetCheck } from '../../../electron/contract/targets.ts';
import { sayMemory } from '../../../electron/text/say.ts';
import { api } from '../../api/client.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';
import { DialogFrame, ProblemBox } from '../../shared/dialog-frame.tsx';
import { toastDone } from '../../shared/toasts.tsx';
import { choosePool } from '../../shared/view-state.ts';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';
import { FindingList } from './finding-list.tsx';
import './cloud.css';

const DEFAULT_ROOT = '~/.switchyard-agent';

export function AddMachineDialog() {
  const [host, setHost] = useState('');
  const [name, setName] = useState('');
  const [root, setRoot] = useState(DEFAULT_ROOT);
  const [setup, setSetup] = useState('');
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [look, setLook] = useState<Look>({ kind: 'none' });
  const target: SshTarget = {
    provider: 'ssh',
    host: host.trim(),
    root: root.trim() === '' ? DEFAULT_ROOT : root.trim(),
    setup: setup.trim() === '' ? null : setup,
  };
  const errorOf = (field: keyof SshTarget): string | undefined => {
    // What is wrong with the place as a whole is wrong with the machine that was named.
    const path = problem?.path === 'target' ? 'target.host' : problem?.path;
    return path === `target.${field}` ? problem?.message : undefined;
  };
  /** What was found was found with what stood there then. */
  const change =
    (set: (text: string) => void) =>
    (event: { readonly currentTarget: { readonly value: string } }): void => {
      set(event.currentTarget.value);
      setLook({ kind: 'none' });
    };
  const lookAtIt = async (): Promise<void> => {
    setLook({ kind: 'looking' });
    try {
      setLook({ kind: 'found', check: await api.checkTarget(target) });
    } catch (error) {
      setLook({ kind: 'refused', problem: toApiError(error) });
    }
  };
  const confirm = async (): Promise<void> => {
    const pool = await api.createPool({ name: name.trim() === '' ? target.host : name.trim(), target });
    toastDone(`Pool ${pool.name} added`);
    choosePool(pool.id);
  };
  return (
    <DialogFrame
      title="Add a machine over SSH"
      confirm="Add machine"
      wide
      disabled={target.host === '' || look.kind === 'looking'}
      onConfirm={confirm}
      onProblem={setProblem}
    >
      <div className="field-grid">
        <TextInput
          label="Host"
          description="As your own ssh knows it; a port and a jump host belong into ~/.ssh/config."
          placeholder="gpu-box"
          value={host}
          onChange={change(setHost)}
          error={errorOf('host')}
          data-autofocus
        />
        <TextInput
          label="Name"
          description="What the pool is called here."
          placeholder={host.trim() === '' ? 'Lab machine' : host.trim()}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem?.path === 'name' ? problem.message : undefined}
        />
      </div>
      <TextInput
        label="Directory there"
        description="Work lies below it. Nothing else on the machine is touched."
        value={root}
        onChange={change(setRoot)}
        error={errorOf('root')}
      />
      <Textarea
        label="Lines that run before a trial without an image"
        placeholder="source ~/venv/bin/activate"
        autosize
        minRows={1}
        maxRows={6}
        value={setup}
        onChange={change(setSetup)}
        error={errorOf('setup')}
      />
      <div className="look-at-it">
        <Button onClick={() => void lookAtIt()} disabled={target.host === '' || look.kind === 'looking'}>
          {look.kind === 'looking' ? 'Looking…' : 'Look at it'}
        </Button>
        <span className="dim">No password is asked for or kept: your keys and agent are used. Nothing is changed.</span>
      </div>
      {look.kind === 'refused' && <ProblemBox problem={look.problem} />}
      {look.kind === 'found' && <Findings check={look.check} />}
    </DialogFrame>
  );
}

type Look =
  | { readonly kind: 'none' | 'looking' }
  | { readonly kind: 'found'; readonly check: TargetCheck }
  | { readonly kind: 'refused'; readonly problem: ApiError };

function Findings({ check }: { readonly check: TargetCheck }) {
  const { machine } = check;
  return (
    <section className="findings" aria-label="What was found" role="status">
      {machine !== null && (
        <p>
          <b>{machine.hostname}</b>: {plural(machine.gpus.length, 'GPU')}, {plural(machine.cpuCount, 'CPU')}
          {machine.memoryMiB !== null && `, ${sayMemory(machine.memoryMiB)} of memory`}
          {machine.diskFreeMiB !== null && `, ${sayMemory(machine.diskFreeMiB)} free on its disk`}
        </p>
      )}
      <FindingList findings={check.findings} />
    </section>
  );
}

export { Findings };
