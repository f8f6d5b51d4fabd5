/** What trials report while the engine is killed, and what a trial reports that never stops. */
import { expect, test } from 'vitest';
import type { MetricSeries } from '../../electron/contract/trials.ts';
import { waitUntil } from '../support/processes.ts';
import { openYard, type Yard } from '../support/yard.ts';

const series = async (yard: Yard, id: number, name: string): Promise<readonly (readonly [number, number])[]> => {
  const answer = await yard.engine.api.call<{ series: readonly MetricSeries[] } | readonly MetricSeries[]>(
    'GET',
    `/trials/${id}/metrics?maxPoints=5000`,
  );
  const all = 'series' in answer ? answer.series : answer;
  return all.find((one) => one.name === name)?.points ?? [];
};

test('the engine is killed while trials report: no point is lost, none comes twice', async () => {
  const yard = await openYard();
  await yard.engine.api.call('PATCH', '/pools/workstation', { settings: { maxCpuTrials: 3 } });
  const points = 1_500;
  const program = `i=0; while [ $i -lt ${points} ]; do
echo '{"t":"metrics","step":'$i',"values":{"loss":'$((i * 3))'}}' >>"$SWITCHYARD_REPORT_FILE"; i=$((i+1))
[ $((i % 10)) -ne 0 ] || sleep 0.02; done`;
  const ids: number[] = [];
  for (let i = 0; i < 3; i++) ids.push(await yard.submit({ entrypoint: program }));
  for (let round = 0; round < 4; round++) {
    const before = (await series(yard, ids[0] ?? 0, 'loss')).length;
    await waitUntil(
      'more was taken in',
      async () =>
        (await series(yard, ids[0] ?? 0, 'loss')).length > before ||
        (await yard.engine.api.trial(ids[0] ?? 0)).trial.state === 'done',
    );
    await yard.engine.kill9();
    await yard.engine.restart();
  }
  for (const id of ids) {
    expect(await yard.outcomeOf(id)).toMatchObject({ kind: 'completed' });
    const expected = Array.from({ length: points }, (_, step) => [step, step * 3]);
    await waitUntil('the last were saved', async () => (await series(yard, id, 'loss')).length >= points);
    expect(await series(yard, id, 'loss')).toEqual(expected);
  }
});

test(
  'a trial that reports without end: the engine answers, a kill gives the slot back at once, and what is kept is bounded',
  { timeout: 120_000 },
  async () => {
    const yard = await openYard();
    const id = await yard.submit({
      entrypoint: `exec >>"$SWITCHYARD_REPORT_FILE"; i=0; while :; do
for k in 0 1 2 3 4 5 6 7 8 9; do printf '{"t":"metrics","step":%s,"values":{"a":1,"b":2,"c":3}}\\n' $i$k; done; i=$((i+1)); done`,
    });
    await yard.engine.waitFor('it runs', ({ trials }) => trials.get(id)?.state === 'running');
    const took: number[] = [];
    const until = performance.now() + 8_000;
    while (performance.now() < until) {
      const from = performance.now();
      await yard.engine.api.call('GET', '/health');
      took.push(performance.now() - from);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    process.stdout.write(`/health while a trial floods: worst ${Math.max(...took).toFixed(0)} ms of ${took.length}\n`);
    const askedAt = performance.now();
    await yard.engine.api.act({ action: 'kill', trialIds: [id] });
    await yard.outcomeOf(id);
    process.stdout.write(`from kill to a free slot: ${(performance.now() - askedAt).toFixed(0)} ms\n`);
    const next = await yard.submit({ entrypoint: 'true' });
    expect(await yard.outcomeOf(next)).toMatchObject({ kind: 'completed' });
    const { history } = await yard.engine.api.trial(id);
    expect(history.filter(({ type }) => type === 'trial.metrics_thinned')).toHaveLength(1);
    expect((await series(yard, id, 'a')).length).toBeLessThanOrEqual(20_000);
  },
);

test('what a log tells by itself: the progress of its bar, and metrics where they are asked for', async () => {
  const yard = await openYard();
  const bar = (at: number): string => `${at}%|##  | ${at}/100 [00:${at}<00:50,  1.00it/s]`;
  const id = await yard.submit({
    entrypoint: `printf '\\r${bar(40).replaceAll('%', '%%')}' >&2; echo; for i in 1 2 3; do echo "step=$i loss=0.$i"; done; sleep 60`,
  });
  const { call } = yard.engine.api;
  const { trial } = yard.engine.api;
  await waitUntil('the progress is known', async () => (await trial(id)).trial.progress === 0.4);
  expect(await call('GET', `/trials/${id}/log-facts`)).toMatchObject({ metricNames: ['loss'], takesMetrics: false });
  expect(await call('GET', `/trials/${id}/metrics`)).toEqual({ series: [] });
  await call('POST', `/trials/${id}/log-metrics`, { takes: true });
  expect(await call('GET', `/trials/${id}/metrics`)).toMatchObject({
    series: [
      {
        name: 'loss',
        points: [
          [1, 0.1],
          [2, 0.2],
          [3, 0.3],
        ],
      },
    ],
  });
  await yard.engine.api.act({ action: 'kill', trialIds: [id] });
});
