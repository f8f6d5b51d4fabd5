/** The columns a request names. */
import { SwitchyardError } from '../../contract/errors.ts';
import { suggest } from '../../text/nearest.ts';
import { FACT_COLUMNS, METRIC_PARTS, readColumnRef, type ColumnRef } from '../../text/table-columns.ts';

/**
 * @param path the field of the request it stands in
 * @throws SwitchyardError invalid_request, with the nearest one there is
 */
export function knownColumn(id: string, path: string): ColumnRef {
  const ref = readColumnRef(id);
  if (ref !== null) return ref;
  const [prefix = '', name] = id.split(':', 2);
  const near = suggest(prefix, name === undefined ? FACT_COLUMNS : ['param', ...METRIC_PARTS]);
  throw new SwitchyardError('invalid_request', `The table has no column ${JSON.stringify(id.slice(0, 80))}.`, {
    path,
    remedy:
      near === null
        ? `There are ${FACT_COLUMNS.join(', ')}; param:NAME; and ${METRIC_PARTS.map((one) => `${one}:METRIC`).join(', ')}.`
        : `Did you mean ${near}${name === undefined ? '' : `:${name.slice(0, 80) || 'NAME'}`}?`,
  });
}
