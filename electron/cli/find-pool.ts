/** Which pool a person means. */
import type { EngineClient } from '../client/engine-client.ts';
import type { Pool } from '../contract/pools.ts';
import { CliError, ExitCode } from './exit-codes.ts';

/** @param word its id or name */
export async function findPool(client: EngineClient, word: string): Promise<Pool> {
  const { pools } = await client.request<{ pools: Pool[] }>('GET', '/pools');
  const found = pools.find((pool) => pool.id === word) ?? pools.find((pool) => pool.name === word);
  if (found === undefined)
    throw new CliError(
      ExitCode.notFound,
      `There is no pool "${word}".`,
      `There ${pools.length === 1 ? 'is' : 'are'} ${pools.map((pool) => pool.id).join(', ')}.`,
    );
  return found;
}
