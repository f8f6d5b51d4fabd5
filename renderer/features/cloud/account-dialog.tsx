/** Adds an account at a cloud, or gives one other credentials. What is secret is written once and never shown again. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { AccountCredentials, AccountPolicy } from '../../../electron/contract/cloud.ts';
import { api } from '../../api/client.ts';
import { ApiError } from '../../api/problem.ts';
import { CopyText } from '../../shared/copy-text.tsx';
import { DialogFrame } from '../../shared/dialog-frame.tsx';
import { toastDone, toastError } from '../../shared/toasts.tsx';
import { buildCredentials, EMPTY_ACCOUNT_FORM, type AccountForm } from './account-form.ts';

const KINDS: readonly { readonly value: AccountCredentials['kind']; readonly label: string }[] = [
  { value: 'keys', label: 'Access key' },
  { value: 'profile', label: 'Profile in ~/.aws' },
  { value: 'sso', label: 'SSO profile' },
  { value: 'role', label: 'A role to take' },
  { value: 'environment', label: "The engine's environment" },
];

export function AccountDialog({ name }: { readonly name: string | undefined }) {
  const [form, setForm] = useState<AccountForm>({ ...EMPTY_ACCOUNT_FORM, name: name ?? '' });
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [policy, setPolicy] = useState<AccountPolicy | null>(null);
  useEffect(() => {
    const control = new AbortController();
    api.cloudPolicy(control.signal).then(setPolicy, () => undefined);
    return () => control.abort();
  }, []);
  const set =
    (field: keyof AccountForm) =>
    (event: { readonly currentTarget: { readonly value: string } }): void =>
      setForm({ ...form, [field]: event.currentTarget.value });
  const errorOf = (field: string): string | undefined =>
    problem?.path === field || problem?.path === `credentials.${field}` ? problem.message : undefined;
  const confirm = async (): Promise<void> => {
    const wanted = form.name.trim();
    await api.putCloudAccount(wanted, buildCredentials(form));
    const check = await api.testCloudAccount(wanted);
    const fault = check.findings.find(({ level }) => level === 'error');
    if (fault === undefined)
      toastDone(name === undefined ? `Account ${wanted} added` : `${wanted} has new credentials`);
    else
      toastError(
        new ApiError({
          status: 0,
          code: 'internal',
          detail: `${wanted} is kept, but cannot be used: ${fault.text}`,
          ...(fault.remedy === null ? {} : { remedy: fault.remedy }),
        }),
      );
  };
  return (
    <DialogFrame
      title={name === undefined ? 'Add an account' : `New credentials for ${name}`}
      confirm={name === undefined ? 'Add account' : 'Replace credentials'}
      wide
      disabled={form.name.trim() === ''}
      onConfirm={confirm}
      onProblem={setProblem}
    >
      <div className="field-grid">
        <TextInput
          label="Name"
          placeholder="lab"
          value={form.name}
          disabled={name !== undefined}
          error={errorOf('name')}
          onChange={set('name')}
          data-autofocus
        />
        <NativeSelect label="Signs in to AWS with" value={form.kind} data={[...KINDS]} onChange={set('kind')} />
      </div>
      {form.kind === 'keys' && (
        <>
          <TextInput
            label="Access key ID"
            placeholder="AKIA…"
            className="mono-input"
            autoComplete="off"
            spellCheck={false}
            value={form.accessKeyId}
            error={errorOf('accessKeyId')}
            onChange={set('accessKeyId')}
          />
          <TextInput
            label="Secret access key"
            description="Not shown again."
            type="password"
            autoComplete="off"
            value={form.secretAccessKey}
            error={errorOf('secretAccessKey')}
            onChange={set('secretAccessKey')}
          />
          <TextInput
            label="Session token"
            description="Only for credentials that end by themselves."
            type="password"
            autoComplete="off"
            placeholder="none"
            value={form.sessionToken}
            error={errorOf('sessionToken')}
            onChange={set('sessionToken')}
          />
        </>
      )}
      {form.kind === 'role' && (
        <TextInput
          label="Role"
          placeholder="arn:aws:iam::123456789012:role/switchyard"
          className="mono-input"
          value={form.roleArn}
          error={errorOf('roleArn')}
          onChange={set('roleArn')}
        />
      )}
      {(form.kind === 'profile' || form.kind === 'sso' || form.kind === 'role') && (
        <TextInput
          label="Profile"
          placeholder={form.kind === 'role' ? "none: the engine's environment" : 'default'}
          value={form.profile}
          error={errorOf('profile')}
          onChange={set('profile')}
        />
      )}
      <TextInput
        label="Simulated cloud"
        description="For trying things out: an address on this machine that answers in place of AWS. Empty = AWS itself."
        placeholder="http://127.0.0.1:4566"
        value={form.endpoint}
        error={errorOf('endpoint')}
        onChange={set('endpoint')}
      />
      <p className="dim">
        Credentials are stored encrypted, held in memory only while they are used, and never reach a machine, a log or
        an error.
      </p>
      {policy !== null && (
        <details className="cloud-policy">
          <summary>The least it must be allowed: {policy.permissions.length} actions, as a policy to paste</summary>
          <CopyText text={policy.policy} what="policy" />
        </details>
      )}
    </DialogFrame>
  );
}
