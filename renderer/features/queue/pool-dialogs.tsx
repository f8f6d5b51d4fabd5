/** Dialogs of pools: settings, a new pool from some of the GPUs, deletion. */
import { Checkbox, NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Pool } from '../../../electron/contract/pools.ts';
import { api } from '../../api/client.ts';
import type { ApiError } from '../../api/problem.ts';
import { useEngine } from '../../api/store.ts';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { toastDone } from '../../shared/toasts.tsx';
import { choosePool, useView } from '../../shared/view-state.ts';

const poolOf = (poolId: string): Pool | undefined => useEngine.getState().pools.find((pool) => pool.id === poolId);

export function PoolSettingsDialog({ poolId }: { readonly poolId: string }) {
  const [pool] = useState(() => poolOf(poolId));
  const [name, setName] = useState(pool?.name ?? '');
  const [settings, setSettings] = useState(pool?.settings);
  const [problem, setProblem] = useState<ApiError | null>(null);
  if (pool === undefined || settings === undefined) return null;
  const set = (patch: Partial<Pool['settings']>): void => setSettings({ ...settings, ...patch });
  const limit = (value: number | string): number | null => (value === '' ? null : Number(value));
  const errorOf = (path: string): string | undefined =>
    problem?.path === `settings.${path}` ? problem.message : undefined;
  const confirm = async (): Promise<void> => {
    await api.updatePool(pool.id, {
      ...(name === pool.name ? {} : { name }),
      settings,
      expectedRevision: pool.revision,
    });
    toastDone(`Settings of ${name} saved`);
  };
  return (
    <DialogFrame title={`Settings of ${pool.name}`} confirm="Save settings" onConfirm={confirm} onProblem={setProblem}>
      <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <div className="field-grid">
        <NativeSelect
          label="Policy"
          value={settings.policy}
          onChange={(event) => set({ policy: event.currentTarget.value as Pool['settings']['policy'] })}
          data={[
            { value: 'priority', label: 'By priority, then place' },
            { value: 'fair_share', label: 'Fair share between experiments' },
          ]}
        />
        <NativeSelect
          label="Filling gaps"
          value={settings.backfill}
          onChange={(event) => set({ backfill: event.currentTarget.value as Pool['settings']['backfill'] })}
          data={[
            { value: 'reserve', label: 'Never delay the next in line' },
            { value: 'greedy', label: 'Let whatever fits pass' },
          ]}
        />
        <NumberInput
          label="At most running"
          placeholder="as many as fit"
          min={1}
          value={settings.maxRunning ?? ''}
          onChange={(value) => set({ maxRunning: limit(value) })}
          error={errorOf('maxRunning')}
        />
        <NumberInput
          label="At most CPU trials"
          min={0}
          value={settings.maxCpuTrials}
          onChange={(value) => set({ maxCpuTrials: Number(value) })}
          error={errorOf('maxCpuTrials')}
        />
        <NumberInput
          label="Only on GPUs idle for (minutes)"
          placeholder="no rule"
          min={1}
          value={settings.idleMinutes ?? ''}
          onChange={(value) => set({ idleMinutes: limit(value) })}
          error={errorOf('idleMinutes')}
        />
        <NumberInput
          label="Ignore foreign use below (MiB)"
          min={0}
          value={settings.foreignThresholdMiB}
          onChange={(value) => set({ foreignThresholdMiB: Number(value) })}
          error={errorOf('foreignThresholdMiB')}
        />
      </div>
      <Switch
        label="Preempt: a trial of higher priority may stop one of lower priority"
        checked={settings.preemption}
        onChange={(event) => set({ preemption: event.currentTarget.checked })}
      />
      <Switch
        label="Opening hours"
        checked={settings.hours !== null}
        onChange={(event) => set({ hours: event.currentTarget.checked ? { from: '20:00', to: '08:00' } : null })}
      />
      {settings.hours !== null && (
        <div className="field-grid">
          <TextInput
            label="Opens"
            placeholder="20:00"
            value={settings.hours.from}
            onChange={(event) => set({ hours: { from: event.currentTarget.value, to: settings.hours!.to } })}
            error={errorOf('hours.from')}
          />
          <TextInput
            label="Closes"
            placeholder="08:00"
            value={settings.hours.to}
            onChange={(event) => set({ hours: { from: settings.hours!.from, to: event.currentTarget.value } })}
            error={errorOf('hours.to')}
          />
        </div>
      )}
    </DialogFrame>
  );
}

export function PoolCreateDialog() {
  const gpus = useEngine((state) => state.gpus?.gpus) ?? [];
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const confirm = async (): Promise<void> => {
    const pool = await api.createPool({ name, gpuUuids: [...chosen] });
    toastDone(`Pool ${pool.name} created`);
    choosePool(pool.id);
  };
  return (
    <DialogFrame title="New pool" confirm="Create pool" onConfirm={confirm}>
      <TextInput
        label="Name"
        placeholder="Night only"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Checkbox.Group
        label="GPUs it takes"
        description="They leave the pool they are in; trials that run there go on."
        value={[...chosen]}
        onChange={setChosen}
      >
        <div className="checks">
          {gpus.map((gpu) => (
            <Checkbox key={gpu.uuid} value={gpu.uuid} label={`GPU ${gpu.index ?? '?'} ${gpu.name}`} />
          ))}
        </div>
      </Checkbox.Group>
    </DialogFrame>
  );
}

export function PoolDeleteDialog({ poolId }: { readonly poolId: string }) {
  const [pool] = useState(() => poolOf(poolId));
  if (pool === undefined) return null;
  const confirm = async (): Promise<void> => {
    await api.deletePool(pool.id);
    if (useView.getState().poolId === pool.id) useView.setState({ poolId: null });
    toastDone(`Pool ${pool.name} deleted`);
  };
  return (
    <DialogFrame title={`Delete pool ${pool.name}?`} confirm="Delete pool" danger onConfirm={confirm}>
      <p>
        {pool.kind === 'local' ? 'Its GPUs go back to the workstation.' : 'The machine itself is left as it is.'} A pool
        with trials in it cannot be deleted: move them first.
      </p>
    </DialogFrame>
  );
}
