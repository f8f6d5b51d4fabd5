/** What a command will run, as far as it can be told; where only the shell knows, nothing is said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCommandWords, scriptOf } from '../../../../electron/experiments/config/parse-command.ts';

const anyLine = fc
  .array(
    fc.constantFrom('a', 'b', '/', '.', '=', ' ', "'", '"', '$', '\\', '|', '&', ';', '<', '>', '(', '{', '\n', '-'),
  )
  .map((characters) => characters.join(''));

describe('the words of a command', () => {
  it.each([
    [
      ['python', 'a b.py'],
      ['python', 'a b.py'],
    ],
    ['python a.py --lr 0.1', ['python', 'a.py', '--lr', '0.1']],
    [`python "my run.py" --name 'a; b'`, ['python', 'my run.py', '--name', 'a; b']],
    ['CUDA_VISIBLE_DEVICES=0 exec python a.py', ['python', 'a.py']],
    ['python a.py | tee out.txt', ['python', 'a.py']],
    ['python a.py > out.txt 2>&1', ['python', 'a.py']],
    ['python a.py && python b.py', ['python', 'a.py']],
    ['python {script}.py', ['python']],
  ])('%j', (entrypoint, words) => {
    expect(readCommandWords(entrypoint)).toEqual(words);
  });
  it.each([
    'python a.py || python b.py',
    'python a.py; true',
    'python a.py & wait',
    'python a.py\npython b.py',
    'cd src && python a.py',
    'PATH=/opt/bin tool a',
    'if true; then python a.py; fi',
    '$PYTHON a.py',
    '(python a.py)',
    '',
  ])('%j is left to the shell', (line) => {
    expect(readCommandWords(line)).toEqual([]);
  });
  it('never invents a word: each stands in the line, in order, and any text is taken', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        let at = 0;
        // A quote may stand in a word, in quotes of the other kind.
        const withoutQuotes = (text: string): string => text.replaceAll(/['"]/g, '');
        const bare = withoutQuotes(line);
        for (const word of readCommandWords(line).map(withoutQuotes)) {
          at = bare.indexOf(word, at);
          expect(at).toBeGreaterThanOrEqual(0);
          at += word.length;
        }
      }),
    );
  });
});

describe('the script of an interpreter', () => {
  it.each([
    ['python train.py --lr 0.1', 'train.py'],
    ['/usr/bin/python3.11 -u -W ignore -X dev src/train.py x.py', 'src/train.py'],
    ['bash -eu run.sh', 'run.sh'],
    ['node main.mjs', 'main.mjs'],
    ['python -m trainer a.py', null],
    ['python -um trainer', null],
    ['python -c pass', null],
    ['python -', null],
    ['python', null],
    ['bash -c run.sh', null],
    ['sh -o pipefail run.sh', null],
    ['bash deploy', null],
    ['torchrun train.py', null],
  ])('%j: %j', (line, script) => {
    expect(scriptOf(readCommandWords(line))).toBe(script);
  });
});
