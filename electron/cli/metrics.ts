/** Metrics of a trial as a table and as CSV. */
import type { MetricSeries } from '../contract/trials.ts';
import type { EngineClient } from '../client/engine-client.ts';
import { formatTable } from './table.ts';

/** @param maxPoints 10 to 20,000; longer series come thinned, their last, least and greatest values do not change by it */
export async function readMetrics(
  client: EngineClient,
  trialId: number,
  maxPoints: number,
): Promise<readonly MetricSeries[]> {
  return (
    await client.request<{ series: MetricSeries[] }>('GET', `/trials/${trialId}/metrics`, undefined, { maxPoints })
  ).series;
}

/** @returns lines: one series each */
export function metricsTable(series: readonly MetricSeries[]): string[] {
  const number = (value: number | null): string => (value === null ? '-' : String(Number(value.toPrecision(6))));
  return formatTable(
    [
      { title: 'NAME' },
      { title: 'LAST', align: 'right' },
      { title: 'MIN', align: 'right' },
      { title: 'MAX', align: 'right' },
      { title: 'STEP', align: 'right' },
    ],
    series.map((one) => [
      one.name,
      number(one.last),
      number(one.min),
      number(one.max),
      number(one.points.at(-1)?.[0] ?? null),
    ]),
    null,
  );
}

/** @returns CSV (RFC 4180): a row per step, a column per series, empty where a series has no value at that step */
export function formatCsv(series: readonly MetricSeries[]): string {
  const values = series.map((one) => new Map(one.points));
  const steps = [...new Set(series.flatMap((one) => one.points.map(([step]) => step)))].toSorted((a, b) => a - b);
  const rows = steps.map((step) => [String(step), ...values.map((one) => String(one.get(step) ?? ''))]);
  return [['step', ...series.map((one) => one.name)], ...rows].map((row) => row.map(quote).join(',')).join('\n');
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
