/** Metrics of programs that know nothing of us: DVCLive and TensorBoard's writer as they come from the package index. */
import { describe, expect, it } from 'vitest';
import type { MetricSeries } from '../../electron/contract/trials.ts';
import { pythonWith } from '../support/python-packages.ts';
import { openYard } from '../support/yard.ts';

const DVCLIVE = `
from dvclive import Live
with Live() as live:
    live.log_param("lr", 0.1)
    for step in range(4):
        live.log_metric("train/loss", 1 / (step + 1))
        live.log_metric("acc", float("nan") if step == 3 else step / 4)
        live.next_step()
`;
const TENSORBOARD = `
from tensorboardX import SummaryWriter
writer = SummaryWriter()
for step in range(4):
    writer.add_scalar("train/loss", 1 / (step + 1), step)
writer.add_text("note", "hello")
writer.close()
`;
const LOSSES = [1, 0.5, expect.closeTo(1 / 3, 5), 0.25];

const found = await pythonWith(['dvclive==3.49.1', 'tensorboardX==2.6.5'], ['dvclive', 'tensorboardX']);

describe.skipIf('why' in found)(`the real writers${'why' in found ? ` (${found.why})` : ''}`, () => {
  const python = 'python' in found ? found.python : '';
  const run = async (program: string, environment: Record<string, string> = {}): Promise<readonly MetricSeries[]> => {
    const yard = await openYard();
    const id = await yard.submit({
      runtime: 'process',
      entrypoint: [python, '-c', program],
      resources: { slots: 0 },
      environment: { environment_variables: { DVC_NO_ANALYTICS: 'true', ...environment } },
    });
    const outcome = await yard.outcomeOf(id, 90_000);
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: 'completed' });
    const read = async (): Promise<readonly MetricSeries[]> =>
      ((await yard.engine.api.call('GET', `/trials/${id}/metrics`)) as { series: MetricSeries[] }).series;
    // Files are read to their end when the trial has ended.
    await expect
      .poll(async () => (await read()).find(({ name }) => name === 'train/loss')?.points.length, { timeout: 20_000 })
      .toBe(4);
    return await read();
  };
  const values = (series: readonly MetricSeries[], name: string): unknown =>
    series.find((each) => each.name === name)?.points;
  const steps = (of: readonly unknown[]): unknown => of.map((value, step) => [step, value]);

  it('DVCLive sends what it logs, each point once', async () => {
    // Its files are looked at, too: an own directory keeps them out, so that it is the protocol that is tested.
    const series = await run(DVCLIVE.replace('Live()', 'Live("elsewhere")'));
    expect(values(series, 'train/loss')).toEqual(steps(LOSSES));
    expect(values(series, 'acc')).toEqual(steps([0, 0.25, 0.5]));
    expect(series.map(({ name }) => name).toSorted()).toEqual(['acc', 'train/loss']);
  }, 120_000);
  it('DVCLive offline is read from its files', async () => {
    const series = await run(DVCLIVE, { DVC_STUDIO_OFFLINE: 'true' });
    expect(values(series, 'train/loss')).toEqual(steps(LOSSES));
  }, 120_000);
  it("TensorBoard's events are read from where they are written", async () => {
    expect(values(await run(TENSORBOARD), 'train/loss')).toEqual(steps(LOSSES));
  }, 120_000);
});
