/** The provider for AWS against whatever speaks like it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createAwsOpener } from '../../../native/clouds/aws/aws-opener.ts';
import type { Provider, Quote } from '../../../electron/ports/provider.ts';
import { SIM_KEY } from './sim-cloud.ts';

export const LIST_PRICE: Quote = { free: false, perHourUsd: 0.5, diskPerHourUsd: 0.01, source: 'a test' };

/** @param agent what stands in for the agent */
export async function openAws(endpoint: string, engineId = 'e1', agent = 'print("agent")\n'): Promise<Provider> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'switchyard-aws-'));
  const agentFile = path.join(dir, 'agent.py');
  fs.writeFileSync(agentFile, agent);
  const opener = createAwsOpener({ agentFile, listPrice: () => LIST_PRICE, nowMs: Date.now });
  const provider = await opener.open({ credentials: { kind: 'keys', ...SIM_KEY }, endpoint, engineId });
  return {
    ...provider,
    async close() {
      await provider.close();
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
}
