/** In what trials of one program differ: the parameters that are not the same in all of them. Pure. */
import { splitCommand } from '../text/split-command.ts';
import { truncateText } from '../text/truncate.ts';

export interface WithParams {
  readonly id: number;
  readonly command: string;
  readonly hparams: Readonly<Record<string, unknown>>;
}

const LONGEST_VALUE = 24;
const LONGEST_CELL = 48;

/** @returns trial -> "lr=0.1 depth=4"; trials that differ in nothing are missing */
export function differingParams(trials: readonly WithParams[]): ReadonlyMap<number, string> {
  const byProgram = new Map<string, { readonly id: number; readonly params: Readonly<Record<string, string>> }[]>();
  for (const { id, command, hparams } of trials) {
    const { program, params } = splitCommand(command);
    const key = program.join(' ');
    const group = byProgram.get(key) ?? [];
    group.push({ id, params: { ...params, ...flatten(hparams) } });
    byProgram.set(key, group);
  }
  const said = new Map<number, string>();
  for (const group of byProgram.values()) {
    const names = new Set(group.flatMap(({ params }) => Object.keys(params)));
    const differing = [...names].filter((name) => new Set(group.map(({ params }) => params[name])).size > 1);
    for (const { id, params } of group) {
      const own = differing.flatMap((name) =>
        params[name] === undefined ? [] : [`${name}=${truncateText(params[name], LONGEST_VALUE)}`],
      );
      if (own.length > 0) said.set(id, truncateText(own.join(' '), LONGEST_CELL));
    }
  }
  return said;
}

/** {model: {depth: 4}} -> {"model.depth": "4"} */
function flatten(values: Readonly<Record<string, unknown>>, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flatten(value as Record<string, unknown>, `${prefix}${name}.`))
        : [[`${prefix}${name}`, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}
