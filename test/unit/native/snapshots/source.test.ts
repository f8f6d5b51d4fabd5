/** What is said of a directory before and after it is frozen. */
import { expect, it } from 'vitest';
import { checkSource } from '../../../../native/snapshots/file-errors.ts';
import { noteLeftOut } from '../../../../native/snapshots/note-left-out.ts';

it.runIf(process.platform === 'linux')(
  'what shows the state of the system is refused: reading it has no end',
  async () => {
    for (const shown of ['/proc', '/proc/self', '/sys'])
      await expect(checkSource(shown, '/data')).rejects.toMatchObject({ code: 'directory_unreadable' });
  },
);

it('relative links that lead out of the directory are told: nothing is there in the copy', () => {
  const link = (path: string, target: string) => ({ kind: 'link', path, target }) as const;
  const entries = [
    link('a/inside', '../a/b.py'),
    link('a/x', '../../data/x'),
    link('absolute', '/data'),
    link('data', '../data'),
    link('dots', '..data'),
  ];
  expect(noteLeftOut({ entries, special: [], leftOut: [], moreLeftOut: 0, ownLeftOut: [] })).toEqual([
    'Links that lead out of the directory and will lead nowhere in the copy: a/x (to ../../data/x), data (to ../data). ' +
      'Make them absolute, or mount what they lead to.',
  ]);
});

it('of what a rule left out, data is offered as a link, and not what a program or an environment is made of', () => {
  const left = (path: string, bytes: number) => ({ path, bytes, isMore: false, rule: `"${path}" in .gitignore` });
  const note = (...paths: string[]): string =>
    noteLeftOut({
      entries: [],
      special: [],
      leftOut: paths.map((path, at) => left(path, (paths.length - at) * 1024)),
      moreLeftOut: 0,
      ownLeftOut: [],
    }).join(' ');
  expect(note('.venv/', 'data/', 'runs/')).toMatch(/does not find them in its copy; "--link data" shows data there\.$/);
  expect(note('.venv/', 'tools/venv/', '.cache/')).toMatch(/does not find them in its copy\.$/);
});
