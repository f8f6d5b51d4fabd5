import { expect, test } from 'vitest';
import { lastWords } from '../../../../electron/trials/log/last-words.ts';

test('the last line with something on it, as it looked in the end', () => {
  expect(lastWords('Traceback:\n  File "t.py"\nZeroDivisionError: division by zero\n\n')).toBe(
    'ZeroDivisionError: division by zero',
  );
  expect(lastWords('10 %\r50 %\r\u001b[31mboom\u001b[0m\r\n')).toBe('boom');
  expect(lastWords('\u001b]0;title\u0007done')).toBe('done');
  expect(lastWords('\n \n')).toBeNull();
  expect(lastWords('x'.repeat(1000))?.length).toBe(300);
});
