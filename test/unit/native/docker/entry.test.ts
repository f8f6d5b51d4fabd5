/** The entry of containers: its programs are those of its source, and what its note means. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseEntryNote } from '../../../../native/docker/entry.ts';
import { judgeEnd } from '../../../../native/docker/judge-end.ts';
import type { EndFacts } from '../../../../native/docker/judge-end.ts';
import { ENTRY_DIR } from '../../../support/runtime-lab.ts';

const read = (name: string): Buffer => readFileSync(path.join(ENTRY_DIR, name));

test('the programs were made from the source that is here, each for its processor', () => {
  for (const line of read('built-from').toString().trim().split('\n')) {
    const [digest, name] = line.split(/\s+/);
    expect(
      createHash('sha256')
        .update(read(name ?? ''))
        .digest('hex'),
      `${name}: run build.sh`,
    ).toBe(digest);
  }
  // ELF header: e_machine at 18.
  expect(read('entry-x86_64').readUInt16LE(18)).toBe(62);
  expect(read('entry-aarch64').readUInt16LE(18)).toBe(183);
});

test('a note that is none says nothing', () => {
  expect(parseEntryNote('ended code=3 asked=1 missing=12 at=1795280433719      \n')).toEqual({
    kind: 'ended',
    exitCode: 3,
    asked: true,
    missingBytes: 12,
    endedAtMs: 1795280433719,
  });
  expect(parseEntryNote('started   \n')).toEqual({ kind: 'started' });
  for (const text of ['', '   ', 'ended', 'ended code=3', 'ended code=0 asked=2 missing=0 at=1'])
    expect(parseEntryNote(text).kind).toBe('waiting');
});

describe('how it ended', () => {
  const ended = { kind: 'ended', exitCode: 0, asked: false, missingBytes: 0, endedAtMs: 50 } as const;
  const container = { exitCode: 137, oomKilled: false, endedAtMs: 60, memoryBytes: 0 };
  const judge = (facts: Partial<EndFacts>): ReturnType<typeof judgeEnd> =>
    judgeEnd({ note: ended, container: null, askedByUs: false, rebooted: false, nowMs: 100, ...facts });

  test('what the program reported counts, unless somebody else asked it to stop', () => {
    expect(judge({})).toMatchObject({ exitCode: 0, lost: false, endedAtMs: 50 });
    expect(judge({ rebooted: true })).toMatchObject({ exitCode: 0, lost: false });
    expect(judge({ note: { ...ended, asked: true }, askedByUs: true })).toMatchObject({ lost: false });
    expect(judge({ note: { ...ended, asked: true } })).toMatchObject({ exitCode: 0, lost: true });
    expect(judge({ note: { ...ended, asked: true, exitCode: 1 }, rebooted: true })).toMatchObject({ lost: true });
  });

  test('an end without a report came from outside, unless we killed it or it ran out of memory', () => {
    const note = { kind: 'started' } as const;
    expect(judge({ note, container })).toMatchObject({ lost: true, exitCode: 137, signal: 'SIGKILL' });
    expect(judge({ note, container, askedByUs: true })).toMatchObject({ lost: false, exitCode: 137 });
    expect(judge({ note, container: { ...container, oomKilled: true } })).toMatchObject({
      lost: false,
      oomKilled: true,
    });
    // Only a worker of it ran out of memory; it went on and finished.
    const worker = { ...container, exitCode: 0, oomKilled: true };
    expect(judge({ container: worker })).toMatchObject({ oomKilled: false, exitCode: 0, lost: false, message: null });
    expect(judge({ note })).toMatchObject({ lost: true, exitCode: null });
    expect(judge({ note, container: { ...container, exitCode: 125 } })).toMatchObject({ lost: true, exitCode: null });
  });
});
