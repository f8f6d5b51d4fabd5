/** Parameter files keep every byte that was not meant. */
import { describe, expect, it } from 'vitest';
import { changeFile } from '../../../../electron/experiments/parameters/change-file.ts';
import { parseOverride } from '../../../../electron/experiments/parameters/parse-override.ts';
import { toJson } from '../../../../electron/experiments/parameters/value.ts';

const change = (file: string, text: string, ...overrides: string[]): string =>
  changeFile(
    file,
    text,
    overrides.map((override) => parseOverride(override)),
  ).text;

const YAML = `# how we train
train: # the loop
  lr: 0.001   # tuned
  'layers': [64, 64] # two
  amp: yes
  steps:
    - name: warm   # first
      for: 10
    - name: "run"

model: {name: resnet18, "drop out": .5}
note: |
  two
  lines
empty:   # nothing yet
seed: 42 # the answer`;

describe('YAML', () => {
  it.each<[string[], string, string]>([
    [['train.lr=0.5'], 'lr: 0.001   # tuned', 'lr: 0.5   # tuned'],
    [['train.lr=1e-5'], 'lr: 0.001   # tuned', 'lr: 1.0e-05   # tuned'],
    [['train.layers=[1,2,3]'], '[64, 64] # two', '[1, 2, 3] # two'],
    [['train.layers.1=32'], '[64, 64]', '[64, 32]'],
    [['~train.layers.0'], '[64, 64]', '[64]'],
    [['train.steps.1.name=on'], 'name: "run"', 'name: "on"'],
    [['train.steps.0.name=on'], 'name: warm   # first', "name: 'on'   # first"],
    [['+train.steps.0.lr=1'], '      for: 10\n', '      for: 10\n      lr: 1\n'],
    [['~train.steps.0.name'], '    - name: warm   # first\n      for: 10', '    - for: 10'],
    [['~train.steps.0'], '    - name: warm   # first\n      for: 10\n    - name', '    - name'],
    [['train.steps=null'], '  steps:\n    - name: warm   # first\n      for: 10\n    - name: "run"', '  steps: null'],
    [['train.amp=true'], 'amp: yes', 'amp: true'],
    [['model.name=a b'], 'name: resnet18', 'name: a b'],
    [["model.name='a, b'"], 'name: resnet18', "name: 'a, b'"],
    [['~model.name'], '{name: resnet18, "drop out": .5}', '{"drop out": .5}'],
    [['+model.k=1'], '.5}', '.5, k: 1}'],
    [['note=short'], '|\n  two\n  lines', 'short'],
    [['empty=1'], 'empty:   # nothing', 'empty: 1   # nothing'],
    [['+empty.a=1'], 'empty:   # nothing', 'empty: {a: 1}   # nothing'],
    [['seed=7'], 'seed: 42', 'seed: 7'],
    [['+new.deep={a: 1}'], 'seed: 42 # the answer', 'seed: 42 # the answer\nnew:\n  deep:\n    a: 1'],
    [['~seed'], '\nseed: 42 # the answer', ''],
    [['train=5'], YAML.slice(YAML.indexOf('train:'), YAML.indexOf('\n\nmodel')), 'train: 5 # the loop'],
  ])('%s', (overrides, before, after) => {
    expect(YAML).toContain(before);
    expect(change('params.yaml', YAML, ...overrides)).toBe(YAML.replace(before, () => after));
  });

  it('keeps the line ends of Windows', () => {
    expect(change('p.yaml', 'a: 1\r\nb:\r\n  c: 2\r\n', '+b.d=3', '+e=4', '~a')).toBe(
      'b:\r\n  c: 2\r\n  d: 3\r\ne: 4\r\n',
    );
  });
  it('deletes the last key of a commented mapping and can still be read', () => {
    expect(change('p.yaml', 'a: # keep\n  # why\n  b: 1\nc: 2\n', '~a.b')).toBe('a: {} # keep\nc: 2\n');
    expect(change('p.yaml', '# head\na: 1\n', '~a')).toBe('# head\n{}\n');
  });
  it('quotes what some reader would take for something else', () => {
    const words = [
      'on',
      'Yes',
      'n',
      'null',
      '1_0',
      '0x1f',
      '12:30',
      '2020-01-02',
      '~',
      '1e3x',
      '.5.',
      '#a',
      'a: b',
      'a #b',
      '- a',
      '@x',
      '%d',
      '"q"',
      "it's",
      ' pad ',
      '',
    ];
    for (const word of words) {
      const quoted = `'${word.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
      const { text, values } = changeFile('p.yaml', 'k: x\n', [parseOverride(`k=${quoted}`)]);
      expect([word, toJson(values)]).toEqual([word, { k: word }]);
      expect(text).toMatch(word === '1e3x' ? /^k: '1e3x'\n$/ : /^k: ['"]/);
    }
  });
  it('leaves a mapping that merges another alone, and says where a merged key stands', () => {
    const text = 'base: &b\n  lr: 1 # slow\nuse:\n  <<: *b\n  k: 2\nalso: *b\n';
    expect(change('p.yaml', text, 'base.lr=5')).toBe(text.replace('lr: 1', 'lr: 5'));
    expect(change('p.yaml', text, 'use.lr=3')).toBe(text.replace('k: 2', 'k: 2\n  lr: 3'));
    expect(() => change('p.yaml', text, '~use.lr')).toThrow(/merged mapping/);
    expect(() => change('p.yaml', text, 'also.lr=3')).toThrow(/alias/);
  });
  it('reads of several merged mappings the first one that has the key, and a key of its own before them', () => {
    const text = 'a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nuse:\n  <<: [*a, *b]\n  y: 3\nk: 0\n';
    // eslint-disable-next-line no-template-curly-in-string
    expect(change('p.yaml', text, "k='${use.x}${use.y}${use.z}'")).toBe(text.replace('k: 0', "k: '132'"));
  });
  it('refuses an alias bomb, binary data, several documents and a list at the top', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefg'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdef'[i]}`).join(', ')}]`)
      .join('\n')}\nk: 1\n`;
    expect(() => change('p.yaml', bomb, 'k=2')).toThrow(
      /p.yaml cannot be read as YAML: it holds more than 100,000 values/,
    );
    expect(() => change('p.yaml', 'a: \0\n', 'a=2')).toThrow(/binary/);
    expect(() => change('p.yaml', 'a: 1\n---\nb: 2\n', 'a=2')).toThrow(/document/i);
    expect(() => change('p.yaml', '- 1\n', 'a=2')).toThrow(/no mapping at its top/);
    expect(() => change('p.yaml', 'a: [1\nb: 2\n', 'a=2')).toThrow(/line \d+, column \d+/);
    expect(() => change('p.yaml', `a: ${'['.repeat(300)}${']'.repeat(300)}\n`, 'a=2')).toThrow(/nested more than/);
  });
});

const JSON_TEXT = '{\n\t"lr": 0.1,\n\t"opt": {"name": "adam"},\n\t"layers": [\n\t\t1,\n\t\t2\n\t]\n}\n';
describe('JSON', () => {
  it.each<[string, string, string]>([
    ['lr=0.2', '0.1', '0.2'],
    ['opt.name=sgd', '"adam"', '"sgd"'],
    ['+opt.k=null', '"adam"}', '"adam", "k": null}'],
    ['+new={a: 1}', '\t]\n}', '\t],\n\t"new": {"a": 1}\n}'],
    ['~opt', '"opt": {"name": "adam"},\n\t', ''],
    ['~layers.1', '1,\n\t\t2', '1'],
    ['~lr', '"lr": 0.1,\n\t', ''],
  ])('%s', (override, before, after) => {
    expect(change('p.json', JSON_TEXT, override)).toBe(JSON_TEXT.replace(before, () => after));
  });
  it('makes a file, and says what it cannot hold or read', () => {
    expect(change('p.json', '', '+a.b=1')).toBe('{"a": {"b": 1}}\n');
    expect(() => change('p.json', JSON_TEXT, 'lr=inf')).toThrow(/JSON has no inf/);
    expect(() => change('p.json', '{"a": 1,}', 'a=2')).toThrow(/line 1, column 9/);
    expect(() => change('p.json', '{"a": 1 // x\n}', 'a=2')).toThrow(/comment/i);
  });
});

const TOML = `# title
lorem = false # a flag

# the sets
[[foo]]
bar = 1

[[foo]]
baz = 2

[goo] # a table
bag = 3.0
'k k' = { a = 1, b.c = 2 }
when = 2020-01-02

[x.y]
z = 'raw'
`;
describe('TOML', () => {
  it.each<[string, string, string]>([
    ['goo.bag=4.0', '3.0', '4.0'],
    ['foo.1.baz=5', 'baz = 2', 'baz = 5'],
    ['+goo.new=abc', 'when = 2020-01-02', 'when = 2020-01-02\nnew = "abc"'],
    ['+foo.0.q=1', 'bar = 1', 'bar = 1\nq = 1'],
    ['+top=1', 'a flag', 'a flag\ntop = 1'],
    ['x.y.z=b', "'raw'", "'b'"],
    ['+x.w=1', "z = 'raw'\n", "z = 'raw'\n\n[x]\nw = 1\n"],
    ['~goo.bag', 'bag = 3.0\n', ''],
    ['~goo.when', 'when = 2020-01-02\n', ''],
    ['lorem=[1,[2]]', 'false', '[1, [2]]'],
  ])('%s', (override, before, after) => {
    expect(change('p.toml', TOML, override)).toBe(TOML.replace(before, () => after));
  });
  it('replaces a table by a value, deletes one, adds beside a dotted key', () => {
    expect(toJson(changeFile('p.toml', TOML, [parseOverride('goo=5')]).values)).toMatchObject({
      goo: 5n.valueOf() === 5n ? 5 : 0,
      x: { y: { z: 'raw' } },
    });
    expect(toJson(changeFile('p.toml', TOML, [parseOverride('~foo.0')]).values)).toMatchObject({ foo: [{ baz: 2 }] });
    expect(change('p.toml', 'a.b.c = 1\n[t]\n', '+a.b.d=2')).toBe('a.b.c = 1\na.b.d = 2\n[t]\n');
    expect(change('p.toml', '# about t\n[t]\nx = 1\n', '+k=1')).toBe('k = 1\n\n# about t\n[t]\nx = 1\n');
  });
  it('has no null and says so; names the line of a fault', () => {
    expect(() => change('p.toml', TOML, 'lorem=null')).toThrow(/TOML has no null/);
    expect(() => change('p.toml', 'a = 1\nb = ]\n', 'a=2')).toThrow(/line 2, column 5/);
  });
});

const PYTHON = `"""How we train."""
import os

LR = 0.1  # tuned
NAME = 'adam'
N=3
X: float = -0.5
OPTS = {'a': 1, "b": [1, 2]}
PATH = os.path.join('a', 'b')

class Train:
    """The loop."""
    seed = 2020
    def __init__(self, q=1):
        self.width = 111   # wide
        print(self.width)
`;
describe('Python', () => {
  it.each<[string, string, string]>([
    ['LR=0.2', '0.1', '0.2'],
    ['NAME=sgd', "'adam'", "'sgd'"],
    ["NAME='it\\'s'", "'adam'", "'it\\'s'"],
    ['N=4', 'N=3', 'N=4'],
    ['X=2.5', '-0.5', '2.5'],
    ['OPTS.b.0=9', '[1, 2]', '[9, 2]'],
    ['+OPTS.c=null', '[1, 2]}', "[1, 2], 'c': None}"],
    ['Train.seed=1', '2020', '1'],
    ['Train.width=true', '111', 'True'],
    ['+Train.depth=3', 'seed = 2020', 'seed = 2020\n    depth = 3'],
    ['~N', 'N=3\n', ''],
    ['LR=inf', '0.1', "float('inf')"],
    ['+NEW=[a,1]', 'print(self.width)\n', "print(self.width)\nNEW = ['a', 1]\n"],
  ])('%s', (override, before, after) => {
    expect(change('p.py', PYTHON, override)).toBe(PYTHON.replace(before, () => after));
  });
  it('leaves what is computed alone: it is no parameter', () => {
    expect(() => change('p.py', PYTHON, 'PATH=b')).toThrow(/there is no 'PATH'/);
    expect(() => change('p.py', 'def (:\n', 'A=1')).toThrow(/line 1/);
    expect(() => change('p.py', 'A = 1; B = 2\n', '~A')).toThrow(/other statements/);
  });
});

describe('a slip', () => {
  it.each<[string, RegExp]>([
    ['train.lrr=1', /there is no 'lrr' in train; did you mean 'train.lr'\?/],
    ['trian.lr=1', /did you mean 'train'\?/],
    ['train.layers.5=1', /the list in train.layers has 2 items, so no item 5/],
    ['train.layers.x=1', /train.layers is a list/],
    ['seed.x=1', /seed is 42, so it has no 'x'/],
    ['+seed=1', /seed is there already, as 42/],
    ['+seed.x=1', /seed is 42/],
    ['~seed=1', /seed is 42 and not 1, so it was not deleted/],
    ['~nothing', /nothing can be deleted/],
    ['a@b=1', /parameter file has none/],
    ['=1', /key is missing/],
    ['train={lrr: 1}', /did you mean 'lr'/],
    // eslint-disable-next-line no-template-curly-in-string
    ['seed=${sed}', /\$\{sed\} names no value/],
    ['seed=a=b', /second '='/],
    ['seed=ünder', /'ü' must stand in quotes/],
    ['seed=rnage(3)', /did you mean range\?/],
    ['seed=range(1,2,0)', /the step must not be 0/],
  ])('%s', (override, message) => {
    expect(() => change('params.yaml', YAML, override)).toThrow(message);
  });
});
