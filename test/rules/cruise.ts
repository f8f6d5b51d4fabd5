/** Runs the dependency rules of .dependency-cruiser.cjs over a source tree. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { ICruiseOptions, ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser';

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** The folders whose imports are checked. */
export const SOURCE_FOLDERS = ['electron', 'native', 'renderer'] as const;

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: IForbiddenRuleType[];
  options: ICruiseOptions;
};

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** @returns the name and the reason of every rule, in the order of the configuration */
export function listRules(): { readonly name: string; readonly comment: string }[] {
  return config.forbidden.map((rule) => ({ name: rule.name ?? '', comment: rule.comment ?? '' }));
}

/**
 * @param baseDir root of the tree, with the folders of SOURCE_FOLDERS in it
 * @returns every violation, and the source files that were read (relative to baseDir)
 */
export async function cruiseTree(
  baseDir: string,
): Promise<{ readonly violations: Violation[]; readonly files: Set<string> }> {
  // A type may come from anywhere; what a file reaches when it runs is asked of the code without its types.
  const reaches = (rule: IForbiddenRuleType): boolean =>
    'to' in rule && typeof rule.to === 'object' && rule.to !== null && 'reachable' in rule.to;
  const withTypes = await cruiseOnce(
    baseDir,
    config.forbidden.filter((rule) => !reaches(rule)),
    true,
  );
  const atRunTime = await cruiseOnce(baseDir, config.forbidden.filter(reaches), false);
  const files = new Set(
    withTypes.modules
      .map((module) => module.source)
      .filter((source) => SOURCE_FOLDERS.some((folder) => source.startsWith(`${folder}/`))),
  );
  const violations = [...withTypes.summary.violations, ...atRunTime.summary.violations].map((violation) => ({
    rule: violation.rule.name,
    from: violation.from,
    to: violation.to,
  }));
  return { violations, files };
}

async function cruiseOnce(
  baseDir: string,
  forbidden: IForbiddenRuleType[],
  tsPreCompilationDeps: boolean,
): Promise<ICruiseResult> {
  const { output } = await cruise([...SOURCE_FOLDERS], {
    ...config.options,
    tsPreCompilationDeps,
    baseDir,
    validate: true,
    ruleSet: { forbidden },
  });
  if (typeof output === 'string') throw new Error(output);
  return output;
}
