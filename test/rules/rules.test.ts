/** The dependency rules hold, they were checked on every source file, and each of them finds its planted violation. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cruiseTree, listRules, ROOT, SOURCE_FOLDERS } from './cruise.ts';
import type { Violation } from './cruise.ts';
import { CLEAN, PLANTED } from './planted.ts';

describe('this source tree', () => {
  let violations: Violation[];
  let files: Set<string>;
  beforeAll(async () => {
    ({ violations, files } = await cruiseTree(ROOT));
  });

  it('was read completely', () => {
    const onDisk = SOURCE_FOLDERS.flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`)
        .filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.endsWith('.d.ts')),
    );
    expect(onDisk.filter((name) => !files.has(name))).toEqual([]);
    expect(onDisk.length).toBeGreaterThan(15);
  });

  it.each(listRules())('$name', ({ name, comment }) => {
    expect(
      violations.filter((violation) => violation.rule === name).map(({ from, to }) => `${from} -> ${to}`),
      comment,
    ).toEqual([]);
  });
});

describe('a tree with planted violations', () => {
  let violations: Violation[];
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'switchyard-rules-')));
  beforeAll(async () => {
    const plants = Object.values(PLANTED).map((plant) => plant.files);
    for (const [name, text] of [CLEAN, ...plants].flatMap((files) => Object.entries(files))) {
      const file = path.join(dir, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    copyFileSync(path.join(ROOT, 'package.json'), path.join(dir, 'package.json'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(dir, 'node_modules'), 'junction');
    ({ violations } = await cruiseTree(dir));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('breaks every rule there is', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(
      listRules()
        .map((rule) => rule.name)
        .sort(),
    );
  });

  it.each(Object.entries(PLANTED))('%s is found', (rule, plant) => {
    expect(violations.filter((violation) => violation.rule === rule).map((violation) => violation.from)).toContain(
      plant.from,
    );
  });

  it('reports no file that keeps the rules', () => {
    expect(violations.filter((violation) => Object.hasOwn(CLEAN, violation.from))).toEqual([]);
  });
});
