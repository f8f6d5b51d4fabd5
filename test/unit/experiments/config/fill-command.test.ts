import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkSaidTwice, fillCommand } from '../../../../electron/experiments/config/fill-command.ts';

const hparams = { lr: 0.1, name: 'a b', on: true, steps: [1, 2], model: { depth: 4 }, learning_rate: 1 };
const line = (text: string): unknown => fillCommand(text, hparams).entrypoint;

describe('hyperparameters in a command', () => {
  test.each([
    ['python train.py --lr {lr} --depth {model.depth}', 'python train.py --lr 0.1 --depth 4'],
    ['python train.py --lr ${lr} --on {on}', 'python train.py --lr 0.1 --on true'],
    ['t --name {name}', "t --name 'a b'"],
    ['t --name "x {name}" \'{name}\'', 't --name "x a b" \'a b\''],
    // In single quotes a backslash is itself.
    ['t \'a\\\' {name} "\\"{name}"', "t 'a\\' 'a b' \"\\\"a b\""],
    ['t --steps {steps} --model {model}', `t --steps '[1,2]' --model '{"depth":4}'`],
  ])('%s', (text, filled) => {
    expect(line(text)).toBe(filled);
  });

  test.each([
    'echo ${HOME} $lr {a,b} {1..3}',
    "awk '{print $1}' f",
    'echo ${lrs} ${LR}',
    'docker ps --format {{.Name}} {{other}}',
    'echo { lr }',
    'for i in 1 2; do echo {i}; done',
  ])("leave what is the shell's own: %s", (text) => {
    expect(line(text)).toBe(text);
  });

  it('are named where there is none of the name and nothing but it in a word', () => {
    const unset = (entrypoint: string | string[], values = {}): readonly string[] =>
      fillCommand(entrypoint, values).unset;
    expect(unset(['t', '--lr', '{lr}', '--depth={model.depth}', '{lr}'])).toEqual(['lr', 'model.depth']);
    expect(unset('t --lr {lr} --other={foo}', { lr: 1 })).toEqual(['foo']);
    expect(unset(['t', '{{lr}}', '${lr}', '{a,b}', '{}', 'f"{x}"', 'run-{date}', "{'a': 1}"])).toEqual([]);
  });

  it('stand for themselves in doubled braces', () => {
    expect(line('echo {{lr}} ${{lr}} {{lerning_rate}}')).toBe('echo {lr} ${lr} {lerning_rate}');
  });

  it('are words of a list as they are, and quoted in the line of a shell', () => {
    expect(fillCommand(['t', '--name', '{name}'], hparams)).toEqual({
      entrypoint: ['t', '--name', 'a b'],
      used: ['name'],
      unset: [],
    });
    expect(fillCommand(['bash', '-c', 't {name}'], hparams).entrypoint).toEqual(['bash', '-c', "t 'a b'"]);
  });

  it('are named when nearly meant', () => {
    expect(() => line('t --lr {lerning_rate}')).toThrow('Did you mean {learning_rate}?');
    expect(() => fillCommand(['t', '{nam}'], hparams)).toThrow('{name}');
    // Without hyperparameters no name can be one.
    expect(fillCommand('t {nam}', {})).toEqual({ entrypoint: 't {nam}', used: [], unset: ['nam'] });
  });

  it('make no command that the system does not take', () => {
    expect(() => fillCommand(['{a}'.repeat(20_000)], { a: 'x'.repeat(100_000) })).toThrow(
      'longer than the system allows',
    );
    expect(() => fillCommand(['t', '{a}'], { a: '\0' })).toThrow('NUL');
  });

  it('reach a program of a shell line as they are, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }).filter((text) => !text.includes('\0')),
        (value) => {
          const command = fillCommand(`printf '%s|' {v} "{v}" '{v}' a{v}`, { v: value }).entrypoint as string;
          expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe(
            `${value}|${value}|${value}|a${value}|`,
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a value never becomes words of a shell', () => {
  const evil = [
    "'; echo out; '",
    '$(echo out)',
    '"; echo out; "',
    '`echo out`',
    ';echo out;',
    '\necho out\n',
    "\\'; echo out; #",
    '$(echo out >&2)',
  ];
  const fill = (entrypoint: string | string[], value: unknown): string[] => {
    const { entrypoint: filled } = fillCommand(entrypoint, { v: value });
    return typeof filled === 'string' ? ['sh', '-c', filled] : [...filled];
  };

  test.each<{ readonly entrypoint: string | string[] }>([
    { entrypoint: "# don't\n: {v}" },
    { entrypoint: '# {v}\n:' },
    { entrypoint: "cat >/dev/null <<E\nit's\nE\n: {v}" },
    { entrypoint: 'cat >/dev/null <<E\n{v}\nE' },
    { entrypoint: ': "$(: "{v}")"' },
    { entrypoint: ': "${Y:-"{v}"}"' },
    { entrypoint: ': `: "{v}"`' },
    { entrypoint: ": $'it\\'s {v}'" },
    { entrypoint: ': \\{v}' },
    { entrypoint: ': "\\{v}"' },
    { entrypoint: ': "$${v}"' },
    { entrypoint: ': $${v}' },
    { entrypoint: ': $((1 + {v}))' },
    { entrypoint: 'eval : {v}' },
    { entrypoint: `bash -c ": '{v}'"` },
    { entrypoint: ['bash', '-lc', ': {v}'] },
    { entrypoint: ['sh', '-ec', ': {v}'] },
    { entrypoint: ['env', 'A=1', '/bin/bash', '-c', ': {v}'] },
    { entrypoint: ['bash', '-o', 'pipefail', '-c', ': {v}'] },
    { entrypoint: ['bash', '-c', '--', ': {v}'] },
    { entrypoint: ['bash', '-co', 'pipefail', ': {v}'] },
  ])('$entrypoint', ({ entrypoint }) => {
    for (const value of evil) {
      const [file = '', ...args] = fillOrRefuse(entrypoint, value);
      // Nothing of these writes anything but what was smuggled in.
      const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
      expect([value, stdout, /^out$/m.test(stderr)]).toEqual([value, '', false]);
    }
    // What means the same everywhere goes in everywhere.
    expect(JSON.stringify(fill(entrypoint, 'runs/a-1,b'))).toContain('runs/a-1,b');
  });

  function fillOrRefuse(entrypoint: string | string[], value: string): string[] {
    try {
      return fill(entrypoint, value);
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_config' });
      return ['true'];
    }
  }

  it('goes in whatever it is where quotes are simple', () => {
    expect(fill('t "$(pwd)/{v}" "$HOME/{v}" ${HOME}/{v} <<< {v}', 'a b').at(-1)).toBe(
      `t "$(pwd)/a b" "$HOME/a b" \${HOME}/'a b' <<< 'a b'`,
    );
    expect(fill(['bash', '-lc', 't {v}', '{v}'], 'a b')).toEqual(['bash', '-lc', "t 'a b'", 'a b']);
  });
});

describe('a value that is said twice', () => {
  const check =
    (command: string, before: Record<string, unknown> | null = null) =>
    (): void => {
      checkSaidTwice(command, { lr: 0.2, batch_size: 32, fast: true, opt: 'Adam' }, before);
    };
  it('is refused where the two differ', () => {
    expect(check('python t.py --lr 0.1')).toThrow('The command says lr 0.1, but the hyperparameter lr is 0.2');
    expect(check('python t.py --batch-size=64')).toThrow('hyperparameter batch_size is 32');
    expect(check('python t.py lr=0.1')).toThrow('lr');
  });
  test.each([
    'python t.py --lr 0.20 --batch-size 32 --fast --opt adam',
    'python t.py --lr {lr} --batch_size $N',
    'python t.py --lr=2e-1',
    'python t.py --rate 0.1',
  ])('may stand where both say the same: %s', (command) => {
    expect(check(command)).not.toThrow();
  });
  it('is looked at in a copy where it was changed', () => {
    expect(check('python t.py --lr 0.1', { lr: 0.2 })).not.toThrow();
    expect(check('python t.py --lr 0.1', { lr: 0.1 })).toThrow('0.2');
    expect(check('python t.py --lr 0.1', {})).toThrow('0.2');
  });
});
