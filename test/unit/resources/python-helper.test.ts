import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFinishedCheckpoints, pickLatestCheckpoint } from '../../../electron/trials/files/checkpoints.ts';
import { parseReportLine, type ReportRecord } from '../../../electron/trials/reports/report-lines.ts';
import { HELPER_DIR, pythonVersion } from './python.ts';

const run = promisify(execFile);
let dir: string;
let env: Record<string, string>;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'switchyard-helper-'));
  mkdirSync(path.join(dir, 'checkpoints'));
  writeFileSync(path.join(dir, 'hparams.json'), '{"lr": 0.5, "layers": [1, 2]}');
  env = {
    PATH: process.env['PATH'] ?? '',
    PYTHONPATH: HELPER_DIR,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    SWITCHYARD_TRIAL_ID: '7',
    SWITCHYARD_ATTEMPT: '2',
    SWITCHYARD_HPARAMS: path.join(dir, 'hparams.json'),
    SWITCHYARD_CHECKPOINT_DIR: path.join(dir, 'checkpoints'),
    SWITCHYARD_LATEST_CHECKPOINT: '',
    SWITCHYARD_OUTPUT_DIR: dir,
    SWITCHYARD_REPORT_FILE: path.join(dir, 'reports.jsonl'),
    SWITCHYARD_STOP_FILE: path.join(dir, 'stop'),
  };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const python = async (script: string, environment = env): Promise<{ stdout: string; stderr: string }> =>
  run('python3', ['-c', `import switchyard, os\n${script}`], { env: environment, cwd: dir });
const reports = (): (ReportRecord | null)[] =>
  readFileSync(path.join(dir, 'reports.jsonl'), 'utf8').trimEnd().split('\n').map(parseReportLine);

describe.skipIf(pythonVersion === null)('switchyard.py (needs python3)', () => {
  it('ends with the code of impossible hyperparameters, and says why', async () => {
    const ended = python("switchyard.invalid_hparams('5 heads do not divide 64')");
    await expect(ended).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringContaining('5 heads do not divide 64') as string,
    });
  });

  it('reports what the engine understands', async () => {
    await python(`
class Tensor:
    def __float__(self): return 2.5
switchyard.metrics(1, {"train/loss": Tensor(), "name with \\" and ü": 1}, acc=True, broken=float("nan"), huge=float("-inf"))
switchyard.metrics(2, word="text")
switchyard.progress(0.5, step=2)
switchyard.progress(7)
with switchyard.save_checkpoint(step=3, metrics={"acc": 0.9}) as path:
    open(path + "/weights", "w").write("w")
`);
    const [first, second, third, fourth] = reports();
    expect(first).toMatchObject({
      t: 'metrics',
      step: 1,
      values: { 'train/loss': 2.5, 'name with " and ü': 1, acc: 1 },
      nonFinite: ['broken', 'huge'],
    });
    expect(first?.atMs).toBeGreaterThan(1_600_000_000_000);
    expect(second).toMatchObject({ t: 'progress', value: 0.5, step: 2 });
    expect(third).toMatchObject({ t: 'progress', value: 1 });
    expect(fourth).toMatchObject({ t: 'checkpoint', name: 'step-3', step: 3, metrics: { acc: 0.9 } });
    expect(reports()).toHaveLength(4);
    expect(await pickLatestCheckpoint(path.join(dir, 'checkpoints'))).toMatchObject({
      name: 'step-3',
      step: 3,
      metrics: { acc: 0.9 },
    });
    expect(readFileSync(path.join(dir, 'checkpoints/step-3/weights'), 'utf8')).toBe('w');
  });

  it('keeps lines whole when threads and processes report at once', async () => {
    await python(`
import threading
def report(n):
    for i in range(200): switchyard.metrics(i, {"m%d/%s" % (n, "x" * 100): i})
pid = os.fork()
threads = [threading.Thread(target=report, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
if pid: os.waitpid(pid, 0)
`);
    expect(reports()).toHaveLength(1600);
    expect(reports().every((record) => record?.t === 'metrics')).toBe(true);
  });

  it('leaves no half checkpoint, whatever happens inside, and replaces one of the same name', async () => {
    const { stdout } = await python(`
for content in ("old", "new"):
    with switchyard.save_checkpoint(step=1) as path: open(path + "/w", "w").write(content)
try:
    with switchyard.save_checkpoint(step=2) as path:
        open(path + "/w", "w").write("half")
        raise RuntimeError("no space")
except RuntimeError: print("raised")
print(os.path.basename(switchyard.latest_checkpoint()))
for bad in ("../x", ".hidden", "a/b", ""):
    try:
        with switchyard.save_checkpoint(name=bad): pass
    except ValueError: print("refused")
with switchyard.save_checkpoint(step=9) as path:
    open(path + "/w", "w").write("killed in the middle")
    os.kill(os.getpid(), 9)
`).catch((error: { stdout: string; stderr: string }) => error);
    expect(stdout.trim().split('\n')).toEqual(['raised', 'step-1', 'refused', 'refused', 'refused', 'refused']);
    expect(readFileSync(path.join(dir, 'checkpoints/step-1/w'), 'utf8')).toBe('new');
    expect((await listFinishedCheckpoints(path.join(dir, 'checkpoints'))).map((checkpoint) => checkpoint.name)).toEqual(
      ['step-1'],
    );
    expect(
      readdirSync(path.join(dir, 'checkpoints'))
        .filter((name) => name !== 'step-1')
        .every((name) => name.startsWith('.step-9.tmp-')),
    ).toBe(true);
  });

  it('knows hyperparameters, its trial and where to go on', async () => {
    mkdirSync(path.join(dir, 'checkpoints/step-5'));
    const script =
      'import json; print(json.dumps([switchyard.hparams({"lr": 1, "epochs": 3}), switchyard.trial_id(), ' +
      'switchyard.attempt(), switchyard.is_active(), switchyard.latest_checkpoint()]))';
    expect(JSON.parse((await python(script)).stdout)).toEqual([
      { lr: 0.5, layers: [1, 2], epochs: 3 },
      7,
      2,
      true,
      null,
    ]);
    const resumed = { ...env, SWITCHYARD_LATEST_CHECKPOINT: path.join(dir, 'checkpoints/step-5') };
    expect((JSON.parse((await python(script, resumed)).stdout) as unknown[])[4]).toBe(
      path.join(dir, 'checkpoints/step-5'),
    );
  });

  it('says once that it asks, so that no signal disturbs it', async () => {
    await python('pass');
    expect(existsSync(path.join(dir, 'stop.asked'))).toBe(false);
    await python('print(switchyard.should_stop(), switchyard.should_stop())');
    expect(existsSync(path.join(dir, 'stop.asked'))).toBe(true);
  });

  it('leaves its handler to the main process: a worker ends when its parent ends it', async () => {
    const { stdout } = await python(`
import multiprocessing, time
multiprocessing.set_start_method('fork')
switchyard.should_stop()
worker = multiprocessing.Process(target=time.sleep, args=(30,))
worker.start()
worker.terminate()
worker.join(10)
print(worker.exitcode)`);
    expect(stdout.trim()).toBe('-15');
  });

  it('sees the wish to stop in the file and in SIGTERM', async () => {
    writeFileSync(path.join(dir, 'stop'), '');
    expect((await python('print(switchyard.should_stop())')).stdout.trim()).toBe('True');
    rmSync(path.join(dir, 'stop'));
    const child = spawn(
      'python3',
      [
        '-c',
        `
import switchyard, time
print(switchyard.should_stop(), switchyard.stop_on_sigterm(), flush=True)
deadline = time.monotonic() + 15
while not switchyard.should_stop() and time.monotonic() < deadline: time.sleep(0.01)
print("saved", switchyard.should_stop())`,
      ],
      { env, cwd: dir },
    );
    let output = '';
    for await (const piece of child.stdout) {
      output += String(piece);
      if (output === 'False True\n') child.kill('SIGTERM');
    }
    expect(output).toBe('False True\nsaved True\n');
  });

  it('is harmless outside of Switchyard and when reporting fails', async () => {
    const outside = { PATH: env['PATH'] ?? '', PYTHONPATH: HELPER_DIR, PYTHONDONTWRITEBYTECODE: '1' };
    const script = `
switchyard.metrics(1, loss=1); switchyard.progress(0.1)
with switchyard.save_checkpoint(step=1) as path: open(path + "/w", "w").write("x")
print(switchyard.should_stop(), switchyard.latest_checkpoint(), switchyard.hparams({"a": 1}), switchyard.is_active(), os.path.exists(path))`;
    expect(await python(script, outside)).toEqual({ stdout: "False None {'a': 1} False False\n", stderr: '' });
    expect(readdirSync(dir).toSorted()).toEqual(['checkpoints', 'hparams.json']);
    const full = await python('for i in range(3): switchyard.metrics(i, loss=1)\nprint("went on")', {
      ...env,
      SWITCHYARD_REPORT_FILE: '/dev/full',
    });
    expect(full.stdout).toBe('went on\n');
    expect(full.stderr.match(/could not report/g)).toHaveLength(existsSync('/dev/full') ? 1 : 0);
  });
});

describe('listFinishedCheckpoints', () => {
  it('orders by step, then by time; takes foreign directories; leaves out drafts and files', async () => {
    const base = path.join(dir, 'checkpoints');
    const make = (name: string, note: string | null): void => {
      mkdirSync(path.join(base, name));
      if (note !== null) writeFileSync(path.join(base, name, '.switchyard.json'), note);
    };
    make('step-9', '{"step":9,"at_ms":5}');
    make('step-10', '{"step":10,"at_ms":1}');
    make('by-hand', null);
    make('odd', 'not json');
    make('.step-11.tmp-x', '{"step":11,"at_ms":9}');
    writeFileSync(path.join(base, 'file'), '');
    expect((await listFinishedCheckpoints(base)).map((checkpoint) => checkpoint.name).slice(0, 2)).toEqual([
      'step-10',
      'step-9',
    ]);
    expect(await listFinishedCheckpoints(base)).toHaveLength(4);
    expect(await pickLatestCheckpoint(path.join(dir, 'nothing'))).toBeNull();
  });
});
