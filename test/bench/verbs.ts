/** What a verb of the command line takes beside Node itself, against a running engine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT, runCommand } from '../runner/run-command.ts';
import { median, ms, timeEach } from './measure.ts';
import { withPueue } from './pueue.ts';
import type { BenchResult } from './report.ts';
import { withTaskSpooler } from './task-spooler.ts';
import { trialOf, withYard } from './yard.ts';

const ROUNDS = 25;
/** Not counted: compiled code is written to the cache. */
const WARM_UP = 2;
const MOST_TIMES = 3;
const QUEUED = 50;
const SWITCHYARD = path.join(ROOT, 'electron', 'switchyard.cjs');

async function runToEnd(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { env, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}`);
}

/** One after the other in turns, so that what else the machine does hits all alike. @returns the median of each, ms */
async function compare(commands: readonly (readonly string[])[], env: NodeJS.ProcessEnv): Promise<number[]> {
  const took = commands.map((): number[] => []);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [index, command] of commands.entries()) {
      const times = await timeEach(1, () => runToEnd(command, env));
      if (round >= 0) took[index]?.push(...times);
    }
  }
  return took.map(median);
}

export async function benchVerbs(): Promise<BenchResult[]> {
  const built = await runCommand(
    [process.execPath, path.join(ROOT, 'resources', 'packaging', 'build-programs.ts'), 'cli'],
    { timeLimitMs: 60_000 },
  );
  if (built.exitCode !== 0) throw new Error(`the command line could not be built:\n${built.output}`);
  const { node, verbs } = await withYard('verbs', {}, async (yard) => {
    await yard.engine.api.call('POST', '/pools/workstation/actions', { action: 'pause' });
    for (let i = 0; i < QUEUED; i++) await yard.engine.api.submit(trialOf(['true']));
    const lines = { ls: ['ls'], show: ['show', '1'], submit: ['submit', '--paused', '--no-snapshot', '--', 'true'] };
    const [plain = Number.NaN, ...rest] = await compare(
      [[process.execPath, '-e', '0'], ...Object.values(lines).map((line) => [process.execPath, SWITCHYARD, ...line])],
      { ...process.env, NODE_OPTIONS: undefined, SWITCHYARD_HOME: yard.dataDir },
    );
    return { node: plain, verbs: Object.keys(lines).map((name, index) => ({ name, ms: rest[index] ?? Number.NaN })) };
  });
  const spooler = await withTaskSpooler(1, async ({ version, tsp }) => {
    for (let i = 0; i < QUEUED; i++) await tsp('true');
    return `task-spooler ${version}: ${ms(median(await timeEach(ROUNDS, () => tsp())))} to list`;
  });
  const peer = await withPueue(async ({ version, pueue }) => {
    await pueue('pause');
    for (let i = 0; i < QUEUED; i++) await pueue('add', '--', 'true');
    return `pueue ${version}: ${ms(median(await timeEach(ROUNDS, () => pueue('status'))))} to list`;
  });
  const worst = Math.max(...verbs.map((verb) => verb.ms)) / node;
  return [
    {
      promise: 'a verb of the command line, beside `node -e 0`',
      figure: `${verbs.map((verb) => `${verb.name} ${ms(verb.ms)}`).join(', ')}; node -e 0 ${ms(node)}: at most ${worst.toFixed(2)} times`,
      target: `at most ${MOST_TIMES} times`,
      pass: worst <= MOST_TIMES,
      peer: [spooler ?? 'task-spooler: not installed', peer ?? 'pueue: not installed'].join('; '),
    },
  ];
}
