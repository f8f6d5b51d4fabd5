/**
 * Trials of a pool elsewhere, through the whole engine in a process of its own: the machine is a directory of this one, the agent on it is
 * the real one, and what it does outlives the engine.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../electron/contract/trials.ts';
import { createAgentMachine, type AgentMachine } from '../support/agent-machine.ts';
import { waitUntil } from '../support/processes.ts';
import { openYard, type Yard } from '../support/yard.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'support', 'serve-elsewhere.ts');
const DEADLINE_MS = 120_000;

interface Elsewhere extends Yard {
  readonly machine: AgentMachine;
  readonly submitThere: (python: string, more?: Record<string, unknown>) => Promise<number>;
  readonly trialDir: (id: number) => string;
  readonly log: (id: number, attempt?: number) => string;
  readonly ends: (id: number) => Promise<Outcome>;
}

async function openElsewhere(env: Readonly<Record<string, string>> = {}): Promise<Elsewhere> {
  const machine = createAgentMachine();
  onTestFinished(async () => {
    rmSync(path.join(machine.root, 'cut'), { force: true });
    for (const { attemptId, engineId } of await machine.provider().list(''))
      await machine.provider().terminate({ attemptId, engineId, choice: { region: '', machineType: '', spot: false } });
    machine.close();
  });
  const yard = await openYard({ program: PROGRAM, env: { SWITCHYARD_TEST_MACHINE: machine.root, ...env } });
  const trialDir = (id: number): string => path.join(yard.engine.dataDir, 'trials', String(id));
  return {
    ...yard,
    machine,
    trialDir,
    async submitThere(python, more = {}) {
      const config = { entrypoint: ['python3', '-c', python], resources: { pool: 'elsewhere' }, ...more };
      const { trialIds } = await yard.engine.api.submit({ config, source: { kind: 'none' } });
      return trialIds[0] ?? 0;
    },
    log: (id, attempt = 1) => {
      const file = path.join(trialDir(id), 'attempts', String(attempt), 'log');
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
    ends: (id) => yard.outcomeOf(id, DEADLINE_MS),
  };
}

/** Waits for `go` in its working directory there. */
const WAITS = 'import os, time\nwhile not os.path.exists("go"): time.sleep(0.02)\n';

function letGo({ machine }: Elsewhere): void {
  for (const name of readdirSync(path.join(machine.root, 'attempts')))
    if (existsSync(machine.homeOf(path.join(name, 'work'))))
      writeFileSync(path.join(machine.homeOf(name), 'work', 'go'), '');
}

describe('a trial of a pool elsewhere', { timeout: 240_000 }, () => {
  test('brings home log, metrics, checkpoint, output, files and exit code, and leaves nothing there', async () => {
    const yard = await openElsewhere();
    const id = await yard.submitThere(
      [
        'import os, switchyard',
        'print("cwd", os.getcwd())',
        'for step in range(3): switchyard.metrics(step, loss=1.0 / (step + 1))',
        'with switchyard.save_checkpoint(step=3) as path: open(path + "/model", "w").write("weights")',
        'open(os.path.join(switchyard.output_dir(), "result.txt"), "w").write("42")',
        'open("made-here", "w").write("work")',
        'raise SystemExit(3)',
      ].join('\n'),
      { hyperparameters: { lr: 0.1 } },
    );
    expect(await yard.ends(id)).toMatchObject({ kind: 'failed', exitCode: 3 });
    const dir = yard.trialDir(id);
    expect(yard.log(id)).toContain(`cwd ${yard.machine.root}/attempts/`);
    expect(readFileSync(path.join(dir, 'checkpoints', 'step-3', 'model'), 'utf8')).toBe('weights');
    expect(readFileSync(path.join(dir, 'output', 'result.txt'), 'utf8')).toBe('42');
    expect(readFileSync(path.join(dir, 'work', 'made-here'), 'utf8')).toBe('work');
    expect((await yard.engine.api.trial(id)).attempts.at(-1)).toMatchObject({ runtime: 'remote' });
    const { series } = await yard.engine.api.call<{ series: { name: string; points: unknown[] }[] }>(
      'GET',
      `/trials/${id}/metrics`,
    );
    expect(series.find(({ name }) => name === 'loss')?.points).toHaveLength(3);
    const left = (): string[] => [
      ...readdirSync(path.join(yard.machine.root, 'attempts')),
      ...readdirSync(path.join(yard.machine.root, 'mailbox')).filter((name) => name !== 'packs'),
    ];
    await waitUntil('nothing is left there', () => left().length === 0);
  });

  test('goes on while the engine is killed, is adopted, and its log is whole', async () => {
    const yard = await openElsewhere();
    const id = await yard.submitThere(`print("before", flush=True)\n${WAITS}print("after")\nraise SystemExit(4)`);
    await waitUntil('it runs', () => yard.log(id).includes('before'), DEADLINE_MS);
    await yard.engine.kill9();
    await yard.engine.restart();
    letGo(yard);
    expect(await yard.ends(id)).toMatchObject({ kind: 'failed', exitCode: 4 });
    expect(yard.log(id)).toBe('before\nafter\n');
    expect((await yard.engine.api.trial(id)).attempts).toHaveLength(1);
  });

  test('ends while no engine is there, and everything comes home with the next', async () => {
    const yard = await openElsewhere();
    const id = await yard.submitThere(
      `print("before", flush=True)\n${WAITS}open(os.environ["SWITCHYARD_OUTPUT_DIR"] + "/o", "w").write("o")\nprint("after")`,
    );
    await waitUntil('it runs', () => yard.log(id).includes('before'), DEADLINE_MS);
    await yard.engine.kill9();
    letGo(yard);
    const [name = ''] = readdirSync(path.join(yard.machine.root, 'mailbox')).filter((one) => one.endsWith('-a1'));
    await waitUntil(
      'it ended there',
      () => existsSync(path.join(yard.machine.root, 'mailbox', name, 'RESULT.json')),
      DEADLINE_MS,
    );
    await yard.engine.restart();
    expect(await yard.ends(id)).toMatchObject({ kind: 'completed' });
    expect(yard.log(id)).toBe('before\nafter\n');
    expect(readFileSync(path.join(yard.trialDir(id), 'output', 'o'), 'utf8')).toBe('o');
  });

  test('is paused with a checkpoint and goes on from it', async () => {
    const yard = await openElsewhere();
    const id = await yard.submitThere(
      [
        'import os, switchyard, time',
        'start = switchyard.latest_checkpoint()',
        'print("from", None if start is None else open(start + "/n").read(), flush=True)',
        'while start is None and not switchyard.should_stop(): time.sleep(0.02)',
        'if start is None:',
        '    with switchyard.save_checkpoint(step=7) as path: open(path + "/n", "w").write("seven")',
      ].join('\n'),
    );
    await waitUntil('it runs', () => yard.log(id).includes('from'), DEADLINE_MS);
    await yard.engine.api.act({ action: 'pause', trialIds: [id] });
    await yard.engine.waitFor('it is paused', ({ trials }) => trials.get(id)?.state === 'paused', DEADLINE_MS);
    await yard.engine.api.act({ action: 'resume', trialIds: [id] });
    expect(await yard.ends(id)).toMatchObject({ kind: 'completed' });
    expect(yard.log(id, 1)).toBe('from None\n');
    expect(yard.log(id, 2)).toBe('from seven\n');
  });

  test('goes on while its machine cannot be reached; a wish to stop is told when it can', async () => {
    const yard = await openElsewhere();
    const id = await yard.submitThere(
      'import time\nn = 0\nwhile True:\n    n += 1\n    print(n, flush=True)\n    time.sleep(0.05)',
    );
    await waitUntil('it runs', () => yard.log(id).includes('3\n'), DEADLINE_MS);
    writeFileSync(path.join(yard.machine.root, 'cut'), '');
    await waitUntil(
      'it is told',
      async () => {
        const { activity } = (await yard.engine.api.trial(id)).trial;
        return /^not reachable since \d\d:\d\d; it goes on there$/.test(activity ?? '');
      },
      DEADLINE_MS,
    );
    await yard.engine.api.act({ action: 'cancel', trialIds: [id] });
    rmSync(path.join(yard.machine.root, 'cut'));
    expect(await yard.ends(id)).toMatchObject({ kind: 'canceled' });
    const lines = yard.log(id).trim().split('\n');
    expect(lines).toEqual(lines.map((_, index) => String(index + 1)));
  });

  test('survives the end of its agent, which is started again and takes up what happened meanwhile', async () => {
    const yard = await openElsewhere();
    const id = await yard.submitThere(`print("before", flush=True)\n${WAITS}print("after")\nraise SystemExit(5)`);
    await waitUntil('it runs', () => yard.log(id).includes('before'), DEADLINE_MS);
    const [name = ''] = readdirSync(path.join(yard.machine.root, 'attempts')).filter((one) => one.endsWith('-a1'));
    process.kill(yard.machine.agentPid(name), 'SIGKILL');
    letGo(yard);
    expect(await yard.ends(id)).toMatchObject({ kind: 'failed', exitCode: 5 });
    expect(yard.log(id)).toBe('before\nafter\n');
  });
});
