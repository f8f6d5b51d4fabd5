import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AGENT_VERSION,
  CHUNK_BYTES,
  ctlKey,
  FailureCode,
  PLACE,
  PLACE_NAMES,
  readUpKey,
  upKeyAfter,
  upPrefix,
} from '../../../electron/cloud/agent-protocol.ts';

const AGENT = readFileSync(path.join(import.meta.dirname, '../../../resources/agent/agent.py'), 'utf8');

describe('what engine and agent say to each other', () => {
  it('is the same on both sides', () => {
    expect(AGENT).toContain(`\nVERSION = ${AGENT_VERSION}\n`);
    expect(AGENT).toContain(`\nPLACE = "${PLACE}"\n`);
    expect(AGENT).toContain(`\nPLACES = (${PLACE_NAMES.map((name) => `"${name}"`).join(', ')})\n`);
    expect(AGENT).toContain(`\nLOG_CHUNK = ${CHUNK_BYTES / 1024 / 1024} * 1024 * 1024\n`);
    const codes = [...AGENT.matchAll(/Failure\(\s*"([a-z_]+)"|"reason": "([a-z_]+)"|reason = "([a-z_]+)"/g)].map(
      (found) => found[1] ?? found[2] ?? found[3] ?? '',
    );
    expect(codes.length).toBeGreaterThan(15);
    for (const code of codes) expect(FailureCode.options).toContain(code);
  });

  it('needs no more than Python 3.8', () => {
    // Syntax of later versions that is easily written by habit; what the library has since is left to those who review.
    expect(AGENT).not.toMatch(/^\s*match .*:$/m);
    expect(AGENT).not.toMatch(/\.(removeprefix|removesuffix)\(|\bint \| None|zip\(.*strict=/);
  });

  it('reads the keys of the stream in their order, and no others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), fc.integer({ min: 0, max: 1e15 }), (seq, offset) => {
        const number = String(seq).padStart(10, '0');
        const key = `${upPrefix('a/')}${number}.log.${String(offset).padStart(16, '0')}`;
        expect(readUpKey(key, 'a/')).toEqual({ kind: 'log', seq, offset });
        for (const kind of ['hb', 'ckpt', 'end', `rep.${'0'.repeat(16)}`])
          expect(`${upPrefix('a/')}${number}.${kind}` < upKeyAfter('a/', seq)).toBe(true);
        if (seq < 9_999_999_999)
          expect(upKeyAfter('a/', seq) < `${upPrefix('a/')}${String(seq + 1).padStart(10, '0')}.ckpt`).toBe(true);
      }),
    );
    for (const odd of ['a/up/1.hb', 'a/up/0000000001.hb.x', 'b/up/0000000001.hb', 'a/up/0000000001.log.12'])
      expect(readUpKey(odd, 'a/')).toBeNull();
    expect(ctlKey('a/', 3, 'freeze')).toBe('a/ctl/00000003-freeze');
  });
});
