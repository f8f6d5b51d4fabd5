/**
 * `serve`, with a pool "elsewhere" whose machine is a directory of this one (agent-machine.ts): what it does there outlives the engine.
 * SWITCHYARD_TEST_MACHINE names the directory; a file `cut` in it makes the machine unreachable.
 */
import { mkdirSync } from 'node:fs';
import process from 'node:process';
import { createGpuProbe } from '../../native/gpu/gpu-probe.ts';
import { createHostProbe } from '../../native/host/host-probe.ts';
import type { FarMachine, FarMachines } from '../../electron/ports/far-machine.ts';
import { startEngine } from '../../electron/engine/engine.ts';
import { dataPaths } from '../../electron/ports/data-dir.ts';
import { createPool, ensureWorkstationPool } from '../../electron/queue/pools.ts';
import { serve } from '../../electron/serve.ts';
import { openStore } from '../../electron/store/database.ts';
import { getPool } from '../../electron/store/pools.ts';
import { createAgentMachine } from './agent-machine.ts';
import { TEST_TARGET } from './remote-runtime.ts';

const machine = createAgentMachine({ root: process.env['SWITCHYARD_TEST_MACHINE'] ?? '' });
const setup = process.env['SWITCHYARD_TEST_SETUP'] ?? null;

const reading: FarMachine = {
  gpus: createGpuProbe({ command: '/nonexistent/nvidia-smi' }),
  host: createHostProbe({ diskPath: '/tmp' }),
  attemptsOf: () => Promise.resolve(new Map()),
  trouble: () => null,
};
const inThatDirectory: FarMachines = {
  check: () => Promise.resolve({ usable: true, findings: [], machine: null }),
  at: () => reading,
  provider: () => machine.provider(),
  keepOnly: () => undefined,
  close: () => undefined,
};

process.exit(
  await serve(process.argv.slice(2), {
    startEngine: (options) => {
      const paths = dataPaths(options.dataDir, process.platform, '/tmp');
      mkdirSync(paths.dir, { recursive: true, mode: 0o700 });
      const store = openStore(paths.database, { nowMs: () => Date.now() });
      ensureWorkstationPool(store, 4);
      if (getPool(store.db, 'elsewhere') === null)
        createPool(store, { id: 'elsewhere', name: 'Elsewhere', target: { ...TEST_TARGET, setup } }, 4, new Set());
      store.close();
      return startEngine({ ...options, farMachines: inThatDirectory });
    },
  }),
);
