import { expect, test } from 'vitest';
import { joinSentences } from '../../../../renderer/ui/format.ts';

test('sentences are joined with one full stop each', () => {
  expect(joinSentences(['Queued as #3'])).toBe('Queued as #3');
  expect(joinSentences(['Queued as #3', 'Runs as a process, because no image is named.', 'Froze 2 files.'])).toBe(
    'Queued as #3. Runs as a process, because no image is named. Froze 2 files.',
  );
});
