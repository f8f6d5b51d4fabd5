/** Opens an account at AWS: the library and what signs are loaded now, and not when the engine starts. */
import type { AccountCredentials } from '../../../electron/contract/cloud.ts';
import type { CloudAccess, CloudOpener } from '../../../electron/ports/cloud-opener.ts';
import type { AwsProviderOptions } from './aws-provider.ts';

export type AwsOpenerOptions = Pick<AwsProviderOptions, 'agentFile' | 'listPrice' | 'nowMs'>;

export function createAwsOpener(options: AwsOpenerOptions): CloudOpener {
  return {
    async open(access) {
      const [{ createAwsProvider }, credentials] = await Promise.all([import('./aws-provider.ts'), signWith(access)]);
      return createAwsProvider({ ...options, access, credentials });
    },
  };
}

async function signWith({ credentials, endpoint }: CloudAccess): Promise<AwsProviderOptions['credentials']> {
  const chain = await import('@aws-sdk/credential-providers');
  const sign = (one: AccountCredentials): AwsProviderOptions['credentials'] => {
    switch (one.kind) {
      case 'keys': {
        const { accessKeyId, secretAccessKey, sessionToken } = one;
        return () =>
          Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
      }
      case 'profile':
        return chain.fromIni({ profile: one.profile });
      case 'sso':
        return chain.fromIni({ profile: one.profile });
      case 'environment':
        return chain.fromEnv();
      case 'role':
        return chain.fromTemporaryCredentials({
          masterCredentials: one.profile === undefined ? chain.fromEnv() : chain.fromIni({ profile: one.profile }),
          params: {
            RoleArn: one.roleArn,
            RoleSessionName: 'switchyard',
            ...(one.externalId === undefined ? {} : { ExternalId: one.externalId }),
          },
          clientConfig: { region: 'us-east-1', ...(endpoint === null ? {} : { endpoint }) },
        });
    }
  };
  return sign(credentials);
}
