/** The dialog that makes a pool of rented machines: which, where, for how long, and the most they may cost. */
import { Autocomplete, NativeSelect, NumberInput, Switch, TagsInput, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { MachineCatalogue } from '../../../electron/contract/cloud.ts';
import type { AwsTarget, TargetCheck } from '../../../electron/contract/targets.ts';
import { api } from '../../api/client.ts';
import { toApiError } from '../../api/problem.ts';
import type { ApiError } from '../../api/problem.ts';
import { DialogFrame, ProblemBox } from '../../shared/dialog-frame.tsx';
import { toastDone } from '../../shared/toasts.tsx';
import { choosePool, openDialog } from '../../shared/view-state.ts';
import { Button } from '../../ui/button.tsx';
import { Findings } from './add-machine.tsx';
import { BLANK, regionsOf, targetOf, typeChoices, worstWords } from './cloud-pool-form.ts';
import type { CloudPoolForm } from './cloud-pool-form.ts';

type Look =
  | { readonly kind: 'none' | 'looking' }
  | { readonly kind: 'found'; readonly check: TargetCheck }
  | { readonly kind: 'refused'; readonly problem: ApiError };

interface Facts {
  readonly accounts: readonly { readonly name: string; readonly simulated: boolean }[];
  readonly catalogue: MachineCatalogue;
}

function useFacts(): { readonly facts: Facts | null; readonly problem: ApiError | null } {
  const [facts, setFacts] = useState<Facts | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    Promise.all([api.cloudAccounts(abort.signal), api.machineTypes(abort.signal)]).then(
      ([{ accounts }, catalogue]) => setFacts({ accounts, catalogue }),
      (error: unknown) => {
        if (!abort.signal.aborted) setProblem(toApiError(error));
      },
    );
    return () => abort.abort();
  }, []);
  return { facts, problem };
}

export function AddCloudPoolDialog() {
  const { facts, problem: missing } = useFacts();
  const [form, setForm] = useState<CloudPoolForm>(BLANK);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [look, setLook] = useState<Look>({ kind: 'none' });
  const accounts = facts?.accounts ?? [];
  const target = targetOf({ ...form, account: form.account === '' ? (accounts[0]?.name ?? '') : form.account });
  const isWhole = target.account !== '' && target.machineType !== '' && target.regions.length > 0;
  const errorOf = (field: keyof AwsTarget): string | undefined =>
    problem?.path?.startsWith(`target.${field}`) === true ? problem.message : undefined;
  const change =
    <K extends keyof CloudPoolForm>(field: K) =>
    (value: CloudPoolForm[K]): void => {
      setForm((before) => ({ ...before, [field]: value }));
      setLook({ kind: 'none' });
    };
  const name = form.name.trim() === '' ? `${target.account} ${target.machineType}` : form.name.trim();
  const lookAtIt = async (): Promise<void> => {
    setLook({ kind: 'looking' });
    try {
      setLook({ kind: 'found', check: await api.checkTarget(target) });
    } catch (error) {
      setLook({ kind: 'refused', problem: toApiError(error) });
    }
  };
  const confirm = async (): Promise<void> => {
    const pool = await api.createPool({ name, target });
    toastDone(`Pool ${pool.name} added`);
    choosePool(pool.id);
  };
  const amount = (field: 'maxPrice' | 'budgetPerTrial' | 'budgetPerMonth', of: keyof AwsTarget) => ({
    value: form[field],
    onChange: change(field),
    error: errorOf(of),
    min: 0,
    prefix: '$',
    placeholder: 'none',
  });
  return (
    <DialogFrame
      title="Add a pool in the cloud"
      confirm="Add pool"
      wide
      disabled={!isWhole || look.kind === 'looking'}
      onConfirm={confirm}
      onProblem={setProblem}
    >
      {missing !== null && <ProblemBox problem={missing} />}
      {facts !== null && accounts.length === 0 && (
        <p className="not-known">
          No account at a cloud is known here.{' '}
          <button type="button" className="link" onClick={() => openDialog({ kind: 'account' })}>
            Add one first
          </button>
          , with its credentials.
        </p>
      )}
      <div className="field-grid">
        <NativeSelect
          label="Account"
          data={accounts.map((account) => ({
            value: account.name,
            label: account.simulated ? `${account.name}, simulated` : account.name,
          }))}
          value={target.account}
          onChange={(event) => change('account')(event.currentTarget.value)}
          error={errorOf('account')}
          data-autofocus
        />
        <TextInput
          label="Name"
          placeholder={name}
          value={form.name}
          onChange={(event) => change('name')(event.currentTarget.value)}
          error={problem?.path === 'name' ? problem.message : undefined}
        />
      </div>
      <TagsInput
        label="Regions"
        description="In order of preference."
        data={facts === null ? [] : regionsOf(facts.catalogue)}
        value={[...form.regions]}
        onChange={change('regions')}
        error={errorOf('regions')}
      />
      <Autocomplete
        label="Machine type"
        description="Any type of the provider; the list says what is known of its price."
        data={facts === null ? [] : typeChoices(facts.catalogue, form.regions[0]).map(({ value }) => value)}
        renderOption={({ option }) =>
          (facts === null ? [] : typeChoices(facts.catalogue, form.regions[0])).find(
            ({ value }) => value === option.value,
          )?.label ?? option.value
        }
        limit={60}
        value={form.machineType}
        onChange={change('machineType')}
        error={errorOf('machineType')}
      />
      <Switch
        label="Spot: cheaper, and the provider may take it back while a trial runs"
        checked={form.spot}
        onChange={(event) => change('spot')(event.currentTarget.checked)}
      />
      <div className="field-grid">
        {form.spot && (
          <NumberInput
            label="Maximum price an hour"
            description="Without one: the price on demand."
            {...amount('maxPrice', 'maxPricePerHourUsd')}
          />
        )}
        <NumberInput
          label="Disk"
          suffix=" GB"
          value={form.diskGiB}
          onChange={change('diskGiB')}
          error={errorOf('diskGiB')}
        />
        <NumberInput
          label="Time limit"
          description="A machine ends itself after it, whatever happens."
          suffix=" h"
          value={form.timeLimitHours}
          onChange={change('timeLimitHours')}
          error={errorOf('timeLimitHours')}
        />
        <NumberInput
          label="Machines at once"
          min={1}
          value={form.maxMachines}
          onChange={change('maxMachines')}
          error={errorOf('maxMachines')}
        />
        <NumberInput label="Budget for a trial" {...amount('budgetPerTrial', 'budgetPerTrialUsd')} />
        <NumberInput label="Budget for a month" {...amount('budgetPerMonth', 'budgetPerMonthUsd')} />
      </div>
      <div className="look-at-it">
        <Button onClick={() => void lookAtIt()} disabled={!isWhole || look.kind === 'looking'}>
          {look.kind === 'looking' ? 'Looking…' : 'Look at it'}
        </Button>
        <span className="dim">No machine is started, nothing is created.</span>
      </div>
      {look.kind === 'refused' && <ProblemBox problem={look.problem} />}
      {look.kind === 'found' && <Findings check={look.check} />}
      {isWhole && facts !== null && <p>{worstWords(facts.catalogue, target)}</p>}
    </DialogFrame>
  );
}
