/**
 * Accounts at clouds: added, tested, rotated, removed. Their credentials are sealed in the database, opened for one operation, and given
 * to nobody but the port that signs with them: no answer, event, error or log line holds them.
 */
import type { AccountBody, AccountCheck, AccountCredentials, CloudAccount } from '../contract/cloud.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { AwsTarget } from '../contract/targets.ts';
import type { CloudOpener } from '../ports/cloud-opener.ts';
import { ProviderError, type MachineChoice, type Provider } from '../ports/provider.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { Store } from '../store/database.ts';
import {
  deleteAccount,
  getAccount,
  listAccounts,
  listRegions,
  noteCheck,
  putAccount,
  type AccountRow,
} from '../store/cloud-accounts.ts';
import { countLiveOffloads } from '../store/offloads.ts';
import { listPools } from '../store/pools.ts';
import { suggest } from '../text/nearest.ts';

const MAX_ACCOUNTS = 50;
const SEALED_BY = 'AES-256, with the key file secret.key of the data directory (readable by you alone)';
/** Looked at where no pool says what it will ask for. */
const USUAL_CHOICE: MachineChoice = { region: 'us-east-1', machineType: 'g4dn.xlarge', spot: false };

export interface Accounts {
  list(): CloudAccount[];
  /**
   * Makes an account, or gives one other credentials.
   * @throws SwitchyardError illegal_state where machines run under the old ones and these are of another account
   */
  put(name: string, body: AccountBody): Promise<CloudAccount>;
  /** Looks what its credentials may do; costs nothing and changes nothing. @throws SwitchyardError not_found */
  test(name: string): Promise<AccountCheck>;
  /** @throws SwitchyardError not_found, illegal_state while machines of it are not known to be gone, or pools use it */
  remove(name: string): Promise<void>;
  /** For one operation; whoever opens it closes it. @throws SwitchyardError not_found; ProviderError */
  open(name: string): Promise<Provider>;
}

export interface AccountsDeps {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly opener: CloudOpener;
  readonly engineId: string;
  readonly nowMs: () => number;
  /** With the provider's own names in place of generic ones. @throws SwitchyardError invalid_request */
  readonly resolve: (target: AwsTarget) => AwsTarget;
  /** Looks for machines of an account that the database does not know. @returns how many there are; rejects where it cannot be known */
  readonly scan: (account: string) => Promise<number>;
}

export function createAccounts({ store, secrets, opener, engineId, nowMs, resolve, scan }: AccountsDeps): Accounts {
  const { db } = store;
  const openWith = (credentials: AccountCredentials, endpoint: string | null): Promise<Provider> =>
    opener.open({ credentials, endpoint, engineId });
  const openRow = (row: AccountRow): Promise<Provider> =>
    openWith(JSON.parse(secrets.open(row.sealed)) as AccountCredentials, row.endpoint);

  return {
    list: () => listAccounts(db).map(toAccount),
    async put(name, { provider, credentials, endpoint }) {
      const before = getAccount(db, name);
      if (before === null && listAccounts(db).length >= MAX_ACCOUNTS)
        throw new SwitchyardError('invalid_request', `There are ${MAX_ACCOUNTS} accounts already.`, {
          remedy: 'Remove one: switchyard cloud accounts rm NAME',
        });
      if (before !== null && countLiveOffloads(db, name) > 0) await refuseOther(before, credentials, endpoint);
      const sealed = secrets.seal(JSON.stringify(credentials));
      store.transact('cloud account', (tx) => {
        putAccount(tx.db, {
          name,
          provider,
          kind: credentials.kind,
          sealed,
          shown: showCredentials(credentials),
          endpoint,
          addedAtMs: before?.addedAtMs ?? tx.nowMs,
        });
      });
      return toAccount(require(name));
    },
    async test(name) {
      const row = require(name);
      const check = await look(() => openRow(row), choicesOf(name));
      store.transact('cloud account checked', (tx) => {
        noteCheck(tx.db, name, row.sealed, check);
      });
      return check;
    },
    async remove(name) {
      require(name);
      refuseUsed(name);
      if (listRegions(db, name).length > 0) await refuseLeftovers(name);
      store.transact('remove cloud account', (tx) => {
        // Something may have started while the cloud was asked.
        refuseUsed(name);
        deleteAccount(tx.db, name);
      });
    },
    open: async (name) => openRow(require(name)),
  };

  function require(name: string): AccountRow {
    const row = getAccount(db, name);
    if (row !== null) return row;
    const names = listAccounts(db).map((account) => account.name);
    const near = suggest(name, names);
    throw new SwitchyardError(
      'not_found',
      `There is no cloud account "${name}".${near === null ? '' : ` Did you mean "${near}"?`}`,
      {
        remedy: names.length === 0 ? 'Add one: switchyard cloud accounts add --help' : `Accounts: ${names.join(', ')}.`,
      },
    );
  }

  function refuseUsed(name: string): void {
    const live = countLiveOffloads(db, name);
    if (live > 0)
      throw new SwitchyardError(
        'illegal_state',
        `Machines of ${name} that are not known to be gone: ${live}. Without the account nobody could end them.`,
        {
          remedy:
            'Cancel or bring back its trials, and wait until the machines are verified gone: switchyard cloud machines',
        },
      );
    const pools = poolsOf(name);
    if (pools.length > 0)
      throw new SwitchyardError(
        'illegal_state',
        `${pools.length === 1 ? 'The pool' : 'The pools'} ${pools.join(', ')} ${pools.length === 1 ? 'uses' : 'use'} ${name}.`,
        {
          remedy: `Remove ${pools.length === 1 ? 'it' : 'them'} first: switchyard pool rm ${pools[0] ?? ''}`,
        },
      );
  }

  /** Before the way to the machines is given away, the cloud itself is asked. */
  async function refuseLeftovers(name: string): Promise<void> {
    let left: number;
    try {
      left = await scan(name);
    } catch (error) {
      throw new SwitchyardError(
        'illegal_state',
        `Whether machines of ${name} are left cannot be seen: ${error instanceof ProviderError ? error.message : 'the cloud could not be asked.'}`,
        { remedy: 'Give it credentials that work, then remove it: switchyard cloud accounts add NAME ...' },
      );
    }
    if (left > 0)
      throw new SwitchyardError(
        'illegal_state',
        `${left === 1 ? 'A machine' : `${left} machines`} with this install's mark ${left === 1 ? 'is' : 'are'} still there.`,
        {
          remedy: 'End them first: switchyard cloud scan',
        },
      );
  }

  /** Machines run: only credentials that reach the same ones may take the place of those that started them. */
  async function refuseOther(
    before: AccountRow,
    credentials: AccountCredentials,
    endpoint: string | null,
  ): Promise<void> {
    const check = await look(() => openWith(credentials, endpoint), choicesOf(before.name));
    const was = before.lastCheck?.identity ?? null;
    if (
      check.identity === null ||
      endpoint !== before.endpoint ||
      (was !== null && accountOf(check.identity) !== accountOf(was))
    )
      throw new SwitchyardError(
        'illegal_state',
        check.identity === null
          ? [
              `The new credentials of ${before.name} do not work, and machines run under the old ones.`,
              ...check.findings.filter(({ level }) => level === 'error').map(({ text }) => text),
            ].join(' ')
          : `The new credentials of ${before.name} are of another account, and machines run in the old one.`,
        { remedy: 'Wait until its machines are gone, or add the new credentials under another name.' },
      );
  }

  async function look(open: () => Promise<Provider>, choices: readonly MachineChoice[]): Promise<AccountCheck> {
    try {
      const provider = await open();
      try {
        const findings = [...(await provider.check(choices))];
        return {
          atMs: nowMs(),
          ok: findings.every(({ level }) => level !== 'error'),
          identity: findings.find(({ id, level }) => id === 'identity' && level === 'ok')?.text ?? null,
          findings,
        };
      } finally {
        await provider.close();
      }
    } catch (error) {
      if (!(error instanceof ProviderError) && !(error instanceof SwitchyardError)) throw error;
      const remedy = error.remedy ?? null;
      return {
        atMs: nowMs(),
        ok: false,
        identity: null,
        findings: [{ id: 'identity', level: 'error', text: error.message, remedy }],
      };
    }
  }

  function poolsOf(name: string): string[] {
    return listPools(db).flatMap(({ id, target }) =>
      target?.provider === 'aws' && target.account === name ? [id] : [],
    );
  }

  function choicesOf(name: string): MachineChoice[] {
    const choices = listPools(db).flatMap(({ target }) => {
      if (target?.provider !== 'aws' || target.account !== name) return [];
      const { regions, machineType, spot } = resolve(target);
      return regions.map((region) => ({ region, machineType, spot }));
    });
    return choices.length === 0 ? [USUAL_CHOICE] : choices;
  }

  /** Field by field: what is sealed stays here. */
  function toAccount({ name, provider, kind, shown, endpoint, addedAtMs, lastCheck }: AccountRow): CloudAccount {
    return {
      name,
      provider,
      kind,
      shown,
      sealedBy: SEALED_BY,
      simulated: endpoint !== null,
      endpoint,
      addedAtMs,
      lastCheck,
      pools: poolsOf(name),
      liveMachines: countLiveOffloads(db, name),
    };
  }
}

/** "arn:aws:iam::123456789012:user/me" -> "123456789012". */
function accountOf(identity: string): string {
  return /::(\d{12}):/.exec(identity)?.[1] ?? identity;
}

/** Enough to know which they are. An access key id is a name, but half of it tells as much. */
export function showCredentials(credentials: AccountCredentials): string {
  switch (credentials.kind) {
    case 'keys':
      return [
        `access key ${credentials.accessKeyId.slice(0, 4)}…${credentials.accessKeyId.slice(-4)}`,
        ...(credentials.sessionToken === undefined ? [] : ['for a time']),
      ].join(', ');
    case 'profile':
      return `profile ${credentials.profile}`;
    case 'sso':
      return `SSO profile ${credentials.profile}`;
    case 'environment':
      return 'environment of the engine';
    case 'role':
      return `role ${credentials.roleArn}${credentials.profile === undefined ? '' : `, taken by profile ${credentials.profile}`}`;
  }
}
