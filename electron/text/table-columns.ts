/**
 * The columns of the experiments table by their names on the wire. Pure.
 *
 *   id name state started …      facts every trial has
 *   param:lr                     a parameter
 *   best:val_loss last: min: max:  a number of a metric; best is the lowest of a loss or an error, else the highest
 */
import { SwitchyardError } from '../contract/errors.ts';
import { suggest } from './nearest.ts';

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

const METRIC_PARTS = ['best', 'last', 'min', 'max'] as const;

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

/**
 * @param path the field of the request it stands in
 * @throws SwitchyardError invalid_request, with the nearest one there is
 */
export function readColumnRef(id: string, path: string): ColumnRef {
  const colon = id.indexOf(':');
  const [prefix, name] = colon < 0 ? [id, ''] : [id.slice(0, colon), id.slice(colon + 1)];
  if (colon < 0) {
    const fact = FACT_COLUMNS.find((one) => one === id);
    if (fact !== undefined) return { kind: 'fact', fact };
  } else if (name !== '') {
    if (prefix === 'param') return { kind: 'param', name };
    const part = METRIC_PARTS.find((one) => one === prefix);
    if (part !== undefined) return { kind: 'metric', name, part };
  }
  const near = suggest(prefix, colon < 0 ? FACT_COLUMNS : ['param', ...METRIC_PARTS]);
  throw new SwitchyardError('invalid_request', `The table has no column ${JSON.stringify(id.slice(0, 80))}.`, {
    path,
    remedy:
      near === null
        ? `There are ${FACT_COLUMNS.join(', ')}; param:NAME; and ${METRIC_PARTS.map((one) => `${one}:METRIC`).join(', ')}.`
        : `Did you mean ${near}${colon < 0 ? '' : `:${name.slice(0, 80) || 'NAME'}`}?`,
  });
}

/** @returns what stands above the column */
export function columnHeading(ref: ColumnRef): string {
  if (ref.kind === 'fact') return FACT_HEADINGS[ref.fact];
  if (ref.kind === 'param') return ref.name;
  return ref.part === 'best' ? ref.name : `${ref.name} ${ref.part}`;
}
