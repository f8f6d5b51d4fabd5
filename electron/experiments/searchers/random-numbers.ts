/**
 * Random numbers that a seed decides and whose state can be stored: the same search makes the same trials, also after a crash in its middle.
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand (public domain): four 32-bit words, period at least 2^32. Pure.
 */

/** Four words of 32 bits; the fourth counts. */
export type RandomState = readonly [number, number, number, number];

/** @param seed any integer; only its lower 32 bits count */
export function seedRandom(seed: number): RandomState {
  let state: RandomState = [0, seed | 0, 0x9e3779b9 | 0, 1];
  // The first words still show the seed.
  for (let i = 0; i < 15; i += 1) [, state] = nextWord(state);
  return state;
}

function nextWord([a, b, c, counter]: RandomState): readonly [number, RandomState] {
  const word = (((a + b) | 0) + counter) | 0;
  return [word >>> 0, [b ^ (b >>> 9), (c + (c << 3)) | 0, (((c << 21) | (c >>> 11)) + word) | 0, (counter + 1) | 0]];
}

/** @returns a number from 0 up to but without 1, of 32 random bits, and the state to go on with */
export function nextRandom(state: RandomState): readonly [number, RandomState] {
  const [word, next] = nextWord(state);
  return [word / 2 ** 32, next];
}
