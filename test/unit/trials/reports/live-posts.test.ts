import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readLivePost } from '../../../../electron/trials/reports/live-posts.ts';

const base = { repo_url: 'switchyard', baseline_sha: '0'.repeat(40), name: 'trial-1', client: 'dvclive' };

describe('what DVCLive posts', () => {
  it('start and done report nothing', () => {
    expect(readLivePost({ ...base, type: 'start', params: { 'dvclive/params.yaml': { lr: 1 } } })).toEqual([]);
    expect(readLivePost({ ...base, type: 'done' })).toEqual([]);
  });
  it('metrics are named by their groups, and the step is none of them', () => {
    const metrics = {
      'dvclive/metrics.json': { data: { train: { loss: 0.3, acc: 'nan' }, lr: '1e-3', step: 4, note: 'x' } },
    };
    expect(readLivePost({ ...base, type: 'data', step: 4, metrics })).toEqual([
      { t: 'metrics', step: 4, values: { 'train/loss': 0.3, lr: 0.001 }, nonFinite: ['train/acc'], atMs: null },
    ]);
  });
  it('plots bring points of several steps, each once, ascending', () => {
    const plots = {
      'sub/dvclive/plots/metrics/train/loss.tsv': {
        data: [
          { step: 2, loss: '0.5', timestamp: '1700000000000' },
          { step: 1, loss: 'inf' },
          { step: 'x', loss: 1 },
          { step: 3, other: 1 },
        ],
      },
      'dvclive/plots/metrics/acc.tsv': { data: [{ step: 2, acc: 0.9 }] },
      'dvclive/plots/images/a.png': { image: 'aGk=' },
      'dvclive/plots/sklearn/roc.json': { data: [{ step: 1, roc: 1 }] },
      'dvclive/plots/metrics/broken.tsv': { error: { cls: 'E', text: 'x' } },
    };
    expect(readLivePost({ ...base, type: 'data', step: 2, plots })).toEqual([
      { t: 'metrics', step: 1, values: {}, nonFinite: ['train/loss'], atMs: null },
      { t: 'metrics', step: 2, values: { 'train/loss': 0.5, acc: 0.9 }, nonFinite: [], atMs: 1_700_000_000_000 },
    ]);
  });
  it('names that would do harm are left out', () => {
    const data = JSON.parse('{"__proto__": 1, "ok": 2}') as unknown;
    expect(readLivePost({ type: 'data', step: 1, metrics: { 'metrics.json': { data } } })).toMatchObject([
      { values: { ok: 2 } },
    ]);
  });
  test('whatever is posted is read without an error, and all numbers are finite', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (data, points) => {
        const reports = readLivePost({
          type: 'data',
          step: 1,
          metrics: { 'metrics.json': { data } },
          plots: { 'plots/metrics/a.tsv': { data: points } },
        });
        for (const { values, step } of reports)
          expect([step, ...Object.values(values)].every(Number.isFinite)).toBe(true);
        readLivePost(data);
      }),
    );
  });
});
