import { expect, it } from 'vitest';
import { writeCsv, writeJson, writeMarkdown } from '../../../electron/text/write-table.ts';

const table = {
  headings: ['trial', 'name', 'val,loss'],
  rows: [
    [3, 'a "b"\nc', -0.5],
    [4, '=HYPERLINK("x")', null],
    [5, 'a|b\\', 1e-7],
  ],
} as const;

it('CSV quotes what needs it, and no text becomes a formula', () => {
  expect(writeCsv(table)).toBe(
    'trial,name,"val,loss"\r\n3,"a ""b""\nc",-0.5\r\n4,"\'=HYPERLINK(""x"")",\r\n5,a|b\\,1e-7\r\n',
  );
});
it('Markdown keeps its columns', () => {
  expect(writeMarkdown(table).split('\n')).toEqual([
    '| trial | name | val,loss |',
    '| ---: | --- | ---: |',
    '| 3 | a "b" c | -0.5 |',
    '| 4 | =HYPERLINK("x") |  |',
    '| 5 | a\\|b\\\\ | 1e-7 |',
    '',
  ]);
});
it('JSON keeps numbers as numbers', () => {
  expect((JSON.parse(writeJson(table)) as unknown[])[1]).toEqual({
    trial: 4,
    name: '=HYPERLINK("x")',
    'val,loss': null,
  });
});
