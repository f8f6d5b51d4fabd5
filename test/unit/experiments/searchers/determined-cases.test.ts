/** What Determined makes of searchers, as extra rows; the file lies beside the checkout and the suite is skipped where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSearchCase } from '../../../support/search-case.ts';

interface Case {
  readonly kind: string;
  readonly name: string;
  readonly input: unknown;
  readonly expect: object;
}

const file = path.resolve('../shared/cases/searcher-determined.json');
const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases : null;

/** Floats as near as they can be told apart by 12 digits. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === 'number' ? Number(item.toPrecision(12)) : item,
  );

describe.skipIf(cases === null)('searchers as Determined has them (skipped where ../shared/cases is absent)', () => {
  it.each(cases ?? [])('$kind: $name', (given) => {
    expect(rounded(runSearchCase(given))).toMatchObject(rounded(given.expect) as object);
  });
});
