/**
 * The columns of the experiments table by their names on the wire. Pure.
 *
 *   id name state started …      facts every trial has
 *   param:lr                     a parameter
 *   best:val_loss last: min: max:  a number of a metric; best is the lowest of a loss or an error, else the highest
 */

export const FACT_COLUMNS = [
  'id',
  'name',
  'experiment',
  'state',
  'submitted',
  'started',
  'ended',
  'duration',
  'gpuHours',
  'priority',
  'pool',
  'code',
  'labels',
  'starred',
] as const;
export type FactColumn = (typeof FACT_COLUMNS)[number];

export const METRIC_PARTS = ['best', 'last', 'min', 'max'] as const;

export type ColumnRef =
  | { readonly kind: 'fact'; readonly fact: FactColumn }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'metric'; readonly name: string; readonly part: (typeof METRIC_PARTS)[number] };

const FACT_HEADINGS: Readonly<Record<FactColumn, string>> = {
  id: 'Trial',
  name: 'Name',
  experiment: 'Experiment',
  state: 'State',
  submitted: 'Submitted',
  started: 'Started',
  ended: 'Ended',
  duration: 'Duration',
  gpuHours: 'GPU h',
  priority: 'Priority',
  pool: 'Pool',
  code: 'Code',
  labels: 'Labels',
  starred: 'Starred',
};

/** @returns null = there is no such column */
export function readColumnRef(id: string): ColumnRef | null {
  const colon = id.indexOf(':');
  if (colon < 0) {
    const fact = FACT_COLUMNS.find((one) => one === id);
    return fact === undefined ? null : { kind: 'fact', fact };
  }
  const [prefix, name] = [id.slice(0, colon), id.slice(colon + 1)];
  if (name === '') return null;
  if (prefix === 'param') return { kind: 'param', name };
  const part = METRIC_PARTS.find((one) => one === prefix);
  return part === undefined ? null : { kind: 'metric', name, part };
}

/** @returns what stands above the column */
export function columnHeading(ref: ColumnRef): string {
  if (ref.kind === 'fact') return FACT_HEADINGS[ref.fact];
  if (ref.kind === 'param') return ref.name;
  return ref.part === 'best' ? ref.name : `${ref.name} ${ref.part}`;
}
