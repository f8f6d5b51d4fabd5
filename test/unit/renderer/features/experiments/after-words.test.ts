import { describe, expect, it } from 'vitest';
import type { Trial } from '../../../../../electron/contract/trials.ts';
import { ApiError } from '../../../../../renderer/api/problem.ts';
import { readAfter } from '../../../../../renderer/features/experiments/after-words.ts';
import { makeTrial } from '../../../../fakes/trial.ts';

const TRIALS: readonly Trial[] = [
  makeTrial({ id: 3, name: 'vit', state: 'done' }),
  makeTrial({ id: 4, name: 'vit' }),
  makeTrial({ id: 5, name: 'vit-base' }),
  makeTrial({ id: 6, name: 'llama one' }),
  makeTrial({ id: 7, name: 'llama two' }),
];

const read = (after: string, searches: string[] = []): Promise<readonly unknown[]> =>
  readAfter({ after, afterWants: 'completed' }, async (search) => {
    searches.push(search);
    return TRIALS;
  });
const ids = async (after: string): Promise<number[]> =>
  (await readAfter({ after, afterWants: 'ended' }, async () => TRIALS)).map(({ trialId }) => trialId);

describe('the trials a new one starts after', () => {
  it('are numbers, ranges and names, each once', async () => {
    expect(await read(' ')).toEqual([]);
    expect(await read('#14')).toEqual([{ trialId: 14, wants: 'completed' }]);
    expect(await ids('14, 3 - 5,5 #6 8-9')).toEqual([14, 3, 4, 5, 6, 8, 9]);
    expect(await ids('llama one, 6')).toEqual([6]);
  });

  it('by a name: a whole one before a part, one that has not ended before one that has', async () => {
    expect(await ids('vit')).toEqual([4]);
    expect(await ids('base')).toEqual([5]);
  });

  it('are asked for in quotes, whatever the name looks like', async () => {
    const searches: string[] = [];
    await expect(read('lr>0.1 "x" state:done', searches)).rejects.toThrow('No trial is called');
    expect(searches).toEqual(['name:"lr>0.1 " name:"x" name:" state:done"']);
  });

  it('are never guessed: a refusal names the field and those that fit', async () => {
    const refusal = await read('llama').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({ path: 'after' });
    expect((refusal as ApiError).remedy).toContain('#6 llama one, #7 llama two');
    for (const bad of ['7-3', '0', '1-999999999', '1-60, 70-130'])
      await expect(read(bad), bad).rejects.toMatchObject({ path: 'after' });
  });
});
