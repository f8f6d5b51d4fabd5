/** Reads the JSON reports of vitest and Playwright. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/**
 * @param text vitest's json report (Jest's format)
 * @returns counts of single tests; a file that could not be loaded is one failure
 */
export function countVitest(text: string): Counts & { readonly notes: readonly string[] } {
  const report = JSON.parse(text) as VitestReport;
  let passed = 0;
  let failed = 0;
  const skippedNames: string[] = [];
  for (const file of report.testResults) {
    const before = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else if (test.status === 'failed') failed += 1;
      else skippedNames.push(test.fullName);
    }
    if (file.status === 'failed' && failed === before) failed += 1;
  }
  return { passed, failed, skipped: skippedNames.length, notes: summarise(skippedNames) };
}

interface PlaywrightSuite {
  readonly title: string;
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs?: readonly { readonly title: string; readonly tests: readonly PlaywrightTest[] }[];
}
interface PlaywrightTest {
  readonly status: 'expected' | 'unexpected' | 'flaky' | 'skipped';
  readonly annotations?: readonly { readonly type: string; readonly description?: string }[];
}

/**
 * @param text Playwright's json report
 * @returns counts; a test that passed only when repeated counts as passed and is named in the notes
 */
export function countPlaywright(text: string): Counts & { readonly total: number; readonly notes: readonly string[] } {
  const report = JSON.parse(text) as { readonly suites: readonly PlaywrightSuite[] };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons: string[] = [];
  const repeated: string[] = [];
  const visit = (suite: PlaywrightSuite): void => {
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === 'expected') counts.passed += 1;
        else if (test.status === 'flaky') {
          counts.passed += 1;
          repeated.push(`passed only when repeated: ${spec.title}`);
        } else if (test.status === 'skipped') {
          counts.skipped += 1;
          reasons.push(test.annotations?.find((annotation) => annotation.type === 'skip')?.description ?? spec.title);
        } else counts.failed += 1;
      }
    }
    for (const inner of suite.suites ?? []) visit(inner);
  };
  for (const suite of report.suites) visit(suite);
  return {
    ...counts,
    total: counts.passed + counts.failed + counts.skipped,
    notes: [...repeated, ...summarise(reasons)],
  };
}

/** Most skips share a cause; more than a few lines of them help nobody. */
const SHOWN_SKIPS = 5;

function summarise(reasons: readonly string[]): string[] {
  const unique = [...new Set(reasons)];
  const shown = unique.slice(0, SHOWN_SKIPS).map((reason) => `skipped: ${reason}`);
  return unique.length > SHOWN_SKIPS ? [...shown, `skipped: … and ${unique.length - SHOWN_SKIPS} more`] : shown;
}
