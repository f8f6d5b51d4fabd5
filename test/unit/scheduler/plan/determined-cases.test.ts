/** Decisions of Determined as extra rows; the file lives beside the checkout and the suite is skipped where it is absent. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { planScenario } from '../../../../electron/scheduler/scenario.ts';

interface Case {
  readonly name: string;
  readonly expect: { readonly start: string[]; readonly preempt: string[] };
  readonly expectHere?: { readonly start: string[]; readonly preempt: string[] };
}

const file = path.resolve('../shared/cases/scheduler-determined.json');
const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases : null;

describe.skipIf(cases === null)('decisions of Determined (skipped where ../shared/cases is absent)', () => {
  it.each(cases ?? [])('$name', (given) => {
    const wanted = given.expectHere ?? given.expect;
    const got = planScenario({ ...given, backfill: 'greedy' });
    expect({ start: got.start.toSorted(), preempt: got.preempt.toSorted() }).toEqual({
      start: wanted.start.toSorted(),
      preempt: wanted.preempt.toSorted(),
    });
  });
});
