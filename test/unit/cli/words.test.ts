/** Trial ids, places and labels as people type and pipe them. */
import { describe, expect, it } from 'vitest';
import { splitMoveWords, stepBy } from '../../../electron/cli/move-words.ts';
import { parsePipedIds, parseTrialId, parseTrialIds } from '../../../electron/cli/trial-ids.ts';
import { splitLabelWords } from '../../../electron/cli/verbs/label.ts';

describe('trial ids', () => {
  it.each([
    ['14', [14]],
    ['#14', [14]],
    ['t14', [14]],
    ['3-7', [3, 4, 5, 6, 7]],
    ['#3-#5', [3, 4, 5]],
    ['1,3-4', [1, 3, 4]],
  ])('%s', (word, ids) => {
    expect(parseTrialIds(word)).toEqual(ids);
  });
  it.each(['0', '-3', '7-3', 'x', '1.5', '', '1-900000', '99999999999999999999', '1,,2'])('refuses %j', (word) => {
    expect(() => parseTrialIds(word)).toThrow(/trial/);
  });
  it('wants one where one is meant', () => {
    expect(() => parseTrialId('3-4')).toThrow(/one trial/);
  });
});

describe('ids from a pipe', () => {
  it('reads lines, several in a line, and nothing', () => {
    expect(parsePipedIds('3\n#4 5\n\n')).toEqual([3, 4, 5]);
    expect(parsePipedIds(' \n')).toEqual([]);
  });
  it('reads the table of ls', () => {
    expect(parsePipedIds('ID  NAME   STATE\n12  resnet 3  queued\n 9  vit  running\n')).toEqual([12, 9]);
  });
  it('reads JSON of ls, submit, show and jq', () => {
    expect(parsePipedIds('{"trials":[{"id":3},{"id":5}],"total":2}')).toEqual([3, 5]);
    expect(parsePipedIds('{"experimentId":1,"trialIds":[8,9],"notes":[]}')).toEqual([8, 9]);
    expect(parsePipedIds('{"trial":{"id":3},"config":{}}')).toEqual([3]);
    expect(parsePipedIds('[1,"#2",{"id":3}]')).toEqual([1, 2, 3]);
    expect(parsePipedIds('{"id":1}\n{"id":2}\n')).toEqual([1, 2]);
  });
  it.each(['{"x":1}', '{broken', 'hello world'])('refuses %j', (text) => {
    expect(() => parsePipedIds(text)).toThrow();
  });
});

describe('mv', () => {
  it.each([
    [['14', 'top'], ['14'], { place: 'top' }],
    [['3-5', '9', 'behind', '#2'], ['3-5', '9'], { place: 'behind', anchor: '#2' }],
    [['14', 'ahead', '9'], ['14'], { place: 'ahead', anchor: '9' }],
    [['14', 'to', '3'], ['14'], { place: 'index', index: 2 }],
    [['-', 'bottom'], ['-'], { place: 'bottom' }],
    [['up'], [], { place: 'up' }],
    [['urgent', 'top'], ['urgent'], { place: 'top' }],
    [['top', 'ahead', 'up to date'], ['top'], { place: 'ahead', anchor: 'up to date' }],
  ])('%j', (words, idWords, to) => {
    expect(splitMoveWords(words)).toEqual({ idWords, to });
  });
  it.each([
    [['14']],
    [['14', 'tpo']],
    [['14', 'ahead']],
    [['14', 'to']],
    [['14', 'to', '0']],
    [['14', 'to', 'x']],
    [['14', 'top', '3']],
    [['14', 'ahead', '3', '4']],
  ])('refuses %j', (words) => {
    expect(() => splitMoveWords(words)).toThrow(/mv/);
  });
  it('steps over the neighbour of the whole block', () => {
    const queue = [1, 2, 3, 4, 5].map((id) => ({ id }));
    expect(stepBy(queue, new Set([3]), 'up')).toEqual({ place: 'ahead', anchorId: 2 });
    expect(stepBy(queue, new Set([2, 4]), 'down')).toEqual({ place: 'behind', anchorId: 5 });
    expect(stepBy(queue, new Set([1]), 'up')).toBeNull();
    expect(stepBy(queue, new Set([5, 1]), 'down')).toBeNull();
  });
});

describe('label', () => {
  it('tells ids, additions and removals apart', () => {
    expect(splitLabelWords(['14', '+a', '-b', '3-7', '+c d'])).toEqual({
      idWords: ['14', '3-7'],
      add: ['a', 'c d'],
      remove: ['b'],
    });
  });
  it.each([[['14']], [['14', 'a']], [['14', '--add']], [['14', '+']]])('refuses %j', (words) => {
    expect(() => splitLabelWords(words)).toThrow(/label|\+/);
  });
});
