import { describe, expect, it } from 'vitest';
import { differingParams } from '../../../electron/cli/differing-params.ts';

const trial = (
  id: number,
  command: string,
  hparams: Record<string, unknown> = {},
): Parameters<typeof differingParams>[0][number] => ({ id, command, hparams });

describe('in what trials differ', () => {
  it('is what is not the same in all runs of a program, wherever it stands', () => {
    const said = differingParams([
      trial(1, 'python train.py --lr 0.1 --epochs 5', { model: { depth: 4 }, seed: 1 }),
      trial(2, 'python train.py --lr 0.2 --epochs 5', { model: { depth: 8 }, seed: 1 }),
      trial(3, 'python train.py --lr 0.2 --epochs 5 --amp', { model: { depth: 8 }, seed: 1 }),
    ]);
    expect([...said]).toEqual([
      [1, 'lr=0.1 model.depth=4'],
      [2, 'lr=0.2 model.depth=8'],
      [3, 'lr=0.2 model.depth=8 amp=true'],
    ]);
  });
  it('compares runs of one program only, and says nothing where nothing differs', () => {
    expect(differingParams([trial(1, 'a --x 1'), trial(2, 'b --x 2')]).size).toBe(0);
    expect(differingParams([trial(1, 'a --x 1'), trial(2, 'a --x 1')]).size).toBe(0);
  });
  it('keeps long values from taking the whole line', () => {
    const said = differingParams([trial(1, 'a', { p: 'x'.repeat(500), q: [1, 2], r: 'y'.repeat(30) }), trial(2, 'a')]);
    expect(said.get(1)).toHaveLength(48);
    expect(said.get(1)).toContain('… q=[1,2]');
  });
});
