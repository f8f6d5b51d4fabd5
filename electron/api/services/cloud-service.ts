/** Accounts at clouds, their machines and their money. */
import type {
  AccountBody,
  AccountCheck,
  AccountPolicy,
  CloudAccount,
  CloudMachine,
  CloudMoney,
  CloudOffload,
  CloudScan,
  MachineCatalogue,
  PoolPrice,
} from '../../contract/cloud.ts';
import { SwitchyardError } from '../../contract/errors.ts';
import type { Cloud } from '../../cloud/open-cloud.ts';
import { awsPolicy } from '../../cloud/permissions.ts';
import { ProviderError } from '../../ports/provider.ts';

export interface CloudService {
  cloudAccounts(): CloudAccount[];
  putCloudAccount(name: string, body: AccountBody): Promise<CloudAccount>;
  testCloudAccount(name: string): Promise<AccountCheck>;
  deleteCloudAccount(name: string): Promise<void>;
  cloudPolicy(): AccountPolicy;
  machineTypes(): MachineCatalogue;
  cloudMachines(): CloudMachine[];
  cloudJourney(attemptId: string): CloudOffload;
  cloudMoney(days: number): CloudMoney;
  /** @throws SwitchyardError not_found, of pools that rent nothing too */
  poolPrice(poolId: string): Promise<PoolPrice>;
  scanCloud(): Promise<CloudScan>;
  /** @throws SwitchyardError not_found, illegal_state, cloud_refused */
  endLeftover(account: string, region: string, ref: string): Promise<void>;
}

export function createCloudService(cloud: Cloud): CloudService {
  const { accounts } = cloud;
  return {
    cloudAccounts: () => accounts.list(),
    putCloudAccount: (name, body) => accounts.put(name, body),
    testCloudAccount: (name) => accounts.test(name),
    deleteCloudAccount: (name) => accounts.remove(name),
    cloudPolicy: awsPolicy,
    machineTypes: () => cloud.catalogue,
    cloudMachines: () => cloud.machines(),
    cloudJourney: (attemptId) => cloud.journey(attemptId),
    cloudMoney: (days) => cloud.money(days),
    poolPrice: (poolId) => cloud.price(poolId),
    scanCloud: () => cloud.scan(),
    async endLeftover(account, region, ref) {
      try {
        await cloud.endLeftover(account, region, ref);
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        throw new SwitchyardError(
          'cloud_refused',
          error.message,
          error.remedy === null ? {} : { remedy: error.remedy },
        );
      }
    },
  };
}
