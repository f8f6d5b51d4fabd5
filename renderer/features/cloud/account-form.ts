/** From the fields of the account dialog to what the engine takes. Pure; what is wrong is told by the engine. */
import type { AccountBody, AccountCredentials } from '../../../electron/contract/cloud.ts';

export interface AccountForm {
  readonly name: string;
  readonly kind: AccountCredentials['kind'];
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly profile: string;
  readonly roleArn: string;
  readonly endpoint: string;
}

export const EMPTY_ACCOUNT_FORM: AccountForm = {
  name: '',
  kind: 'keys',
  accessKeyId: '',
  secretAccessKey: '',
  sessionToken: '',
  profile: '',
  roleArn: '',
  endpoint: '',
};

export function buildCredentials(form: AccountForm): Pick<AccountBody, 'credentials' | 'endpoint'> {
  const endpoint = form.endpoint.trim();
  return { credentials: credentialsOf(form), endpoint: endpoint === '' ? null : endpoint };
}

function credentialsOf(form: AccountForm): AccountCredentials {
  const profile = form.profile.trim();
  const token = form.sessionToken.trim();
  switch (form.kind) {
    case 'keys':
      return {
        kind: 'keys',
        accessKeyId: form.accessKeyId.trim(),
        secretAccessKey: form.secretAccessKey.trim(),
        ...(token === '' ? {} : { sessionToken: token }),
      };
    case 'profile':
    case 'sso':
      return { kind: form.kind, profile: profile === '' ? 'default' : profile };
    case 'role':
      return { kind: 'role', roleArn: form.roleArn.trim(), ...(profile === '' ? {} : { profile }) };
    case 'environment':
      return { kind: 'environment' };
  }
}
