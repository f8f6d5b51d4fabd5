import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from '../../../electron/doors/csp.ts';
import { readCookie } from '../../../electron/doors/cookies.ts';
import { allowedHosts, judgeGuest, type Guest } from '../../../electron/doors/guest-policy.ts';
import { parseServeFlags, sayUnused } from '../../../electron/doors/serve-options.ts';
import { readUiPath } from '../../../electron/doors/ui-path.ts';
import { openerCommand, redirectPage } from '../../../electron/doors/browser-opener.ts';

const hosts = allowedHosts(7717, ['localhost:8080', 'Yard.local']);
const good: Guest = {
  method: 'GET',
  target: 'api',
  hosts: ['127.0.0.1:7717'],
  origin: null,
  fetchSite: null,
  fetchMode: null,
  fetchDest: null,
};
const judge = (changes: Partial<Guest>) => {
  const verdict = judgeGuest({ ...good, ...changes }, hosts);
  return verdict.ok ? 'ok' : verdict.reason;
};

describe('judgeGuest', () => {
  it.each([
    ['127.0.0.1:7717', 'ok'],
    ['localhost:7717', 'ok'],
    ['LOCALHOST:7717', 'ok'],
    ['[::1]:7717', 'ok'],
    ['localhost:8080', 'ok'],
    ['yard.local:7717', 'ok'],
    ['127.0.0.1', 'host'],
    ['127.0.0.1:80', 'host'],
    ['evil.example:7717', 'host'],
    ['127.0.0.1.evil.example:7717', 'host'],
    ['localhost.:7717', 'host'],
    ['', 'host'],
    ['user@127.0.0.1:7717', 'host'],
  ])('Host %s: %s', (host, expected) => {
    expect(judge({ hosts: [host] })).toBe(expected);
  });

  it('refuses a request with no Host or with two', () => {
    expect(judge({ hosts: [] })).toBe('host');
    expect(judge({ hosts: ['127.0.0.1:7717', '127.0.0.1:7717'] })).toBe('host');
  });

  it('accepts the bare name only on the default port', () => {
    expect(allowedHosts(80).has('localhost')).toBe(true);
    expect(allowedHosts(8080).has('localhost')).toBe(false);
  });

  it.each([
    'http://evil.example',
    'null',
    'https://127.0.0.1:7717',
    'http://127.0.0.1:3000',
    'http://localhost:7717',
    'http://127.0.0.1:7717.evil.example',
  ])('refuses Origin %s, reading or writing', (origin) => {
    expect(judge({ origin })).toBe('origin');
    expect(judge({ origin, method: 'POST' })).toBe('origin');
  });

  it('wants an Origin on everything that changes something', () => {
    expect(judge({ method: 'POST' })).toBe('origin');
    expect(judge({ method: 'DELETE', fetchSite: 'same-origin' })).toBe('origin');
    expect(judge({ method: 'POST', origin: 'http://127.0.0.1:7717', fetchSite: 'same-origin' })).toBe('ok');
  });

  it('tells another port of the same host from our own page', () => {
    expect(judge({ fetchSite: 'same-site' })).toBe('site');
    expect(judge({ fetchSite: 'cross-site', fetchMode: 'navigate', fetchDest: 'document' })).toBe('site');
    expect(judge({ fetchSite: 'same-origin' })).toBe('ok');
  });

  it('lets a link open the page but nothing embed it', () => {
    const link = { target: 'ui', fetchSite: 'cross-site', fetchMode: 'navigate' } as const;
    expect(judge({ ...link, fetchDest: 'document' })).toBe('ok');
    expect(judge({ ...link, fetchDest: 'iframe' })).toBe('site');
    expect(judge({ ...link, fetchMode: 'no-cors', fetchDest: 'script' })).toBe('site');
  });
});

describe('readUiPath', () => {
  it.each([
    '/../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/assets/..%5c..%5csecret',
    '/assets\\..\\x.js',
    '/%00.js',
    '/a%0ab.js',
    '/.git/config.js',
    '/assets/.env',
    '//etc/passwd.js',
    '/assets//x.js',
    '/C:/x.js',
    '/index.js::$DATA',
    '/%',
    '/%c0%ae%c0%ae/x.js',
    `/${'a'.repeat(2_000)}`,
    'assets/x.js',
  ])('refuses %s', (pathname) => {
    expect(readUiPath(pathname).kind).toBe('refused');
  });

  it('knows files from places in the application', () => {
    expect(readUiPath('/')).toEqual({ kind: 'page' });
    expect(readUiPath('/trial/14')).toEqual({ kind: 'page' });
    expect(readUiPath('/assets/index-B3kF9a_x.js')).toEqual({
      kind: 'file',
      segments: ['assets', 'index-B3kF9a_x.js'],
    });
  });

  it('never yields a segment that could leave the directory', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      '/',
      '%00',
      'a',
      '.js',
      '%25',
      '%252e',
      ':',
      ' ',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const result = readUiPath(`/${pieces.join('')}`);
        if (result.kind !== 'file') return;
        for (const segment of result.segments) expect(segment).not.toMatch(/^\.|[\\/:\0]|^$/);
      }),
    );
  });
});

describe('contentSecurityPolicy', () => {
  it("allows nothing but our own origin and this response's styles", () => {
    expect(contentSecurityPolicy('abcdefghijklmnop')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-abcdefghijklmnop'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
  });

  it('takes no nonce that could add a directive', () => {
    expect(() => contentSecurityPolicy("abcdefghijklmnop'; script-src *")).toThrow('base64url');
    expect(() => contentSecurityPolicy('short')).toThrow('base64url');
  });
});

describe('readCookie', () => {
  it('finds the named one only', () => {
    expect(readCookie('a=1; switchyard_7717=abc; xswitchyard_7717=no', 'switchyard_7717')).toBe('abc');
    expect(readCookie('xswitchyard_7717=no', 'switchyard_7717')).toBeNull();
    expect(readCookie('switchyard_77170=no', 'switchyard_7717')).toBeNull();
    expect(readCookie(null, 'x')).toBeNull();
  });
});

describe('parseServeFlags', () => {
  const refusal = (...argv: string[]) => {
    const parsed = parseServeFlags(argv);
    return parsed.kind === 'refused' ? parsed.message : parsed.kind;
  };

  it('has loopback and the usual port as defaults', () => {
    expect(parseServeFlags([])).toEqual({
      kind: 'flags',
      warning: null,
      flags: { port: null, host: '127.0.0.1', allowHosts: [], open: false, json: false },
    });
    expect(
      parseServeFlags(['--port', '0', '--json', '--allow-host', 'a', '--allow-host', 'localhost:8080']),
    ).toMatchObject({ flags: { port: 0, json: true, allowHosts: ['a', 'localhost:8080'] } });
  });

  it('names the flag that was meant', () => {
    expect(refusal('--prot', '1')).toContain('--port');
    expect(refusal('--jsn')).toContain('--json');
    expect(refusal('extra')).toContain('too many arguments');
    expect(refusal('--port', '70000')).toContain('65535');
    expect(refusal('--allow-host', 'a b')).toContain('host name');
  });

  it('listens to other machines only when told twice, and then warns', () => {
    expect(refusal('--host', '0.0.0.0')).toContain('--allow-remote');
    expect(refusal('--host', '127.evil.example')).toContain('--allow-remote');
    const allowed = parseServeFlags(['--host', '0.0.0.0', '--allow-remote']);
    expect(allowed.kind === 'flags' && allowed.warning).toContain('0.0.0.0');
    expect(parseServeFlags(['--host', '[::1]'])).toMatchObject({
      kind: 'flags',
      warning: null,
      flags: { host: '::1' },
    });
  });

  it('explains itself', () => {
    const help = parseServeFlags(['--help']);
    expect(help.kind === 'help' && help.text).toContain('Example:');
  });
});

describe('flags for an engine that runs already', () => {
  const flags = { port: null, host: '127.0.0.1', allowHosts: [] };
  const url = 'http://127.0.0.1:7717/?token=a';

  it('are told, with how to have them', () => {
    expect(sayUnused({ ...flags, port: 7718 }, url)).toMatch(
      /^--port 7718 was not used: .*listens on 127.0.0.1:7717\.\nStop it first/,
    );
    expect(sayUnused({ port: 7718, host: '0.0.0.0', allowHosts: ['a'] }, url)).toMatch(
      /^--port 7718 --host 0.0.0.0 --allow-host a were not used/,
    );
    expect(sayUnused({ ...flags, port: 7717 }, null)).toMatch(/^--port 7717 was not used: .*desktop app/);
  });

  it('need no word where it is as they say, or they say nothing', () => {
    for (const port of [null, 0, 7717]) expect(sayUnused({ ...flags, port }, url)).toBeNull();
    expect(sayUnused(flags, null)).toBeNull();
  });
});

describe('opening a browser', () => {
  it('puts the link into a file, never into arguments', () => {
    expect(openerCommand('linux', 'file:///x/open.html')).toEqual({
      program: 'xdg-open',
      args: ['file:///x/open.html'],
    });
    expect(redirectPage('http://127.0.0.1:1/#token="><script>')).not.toContain('<script>');
  });
});
