/** A window that does not open: what Electron says is understood, and what to do about it is told whole. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runWindow } from '../../../electron/start/run-window.ts';
import { explainWindowFailure } from '../../../electron/start/window-failure.ts';

/** As Electron 45 writes them; a stack trace follows each. */
const NO_SANDBOX =
  '[4242:1121/101500.123456:FATAL:content/browser/zygote_host/zygote_host_impl_linux.cc:128] No usable sandbox! If you are running on ' +
  'Ubuntu 23.10+ or another Linux distro that has disabled unprivileged user namespaces with AppArmor, see ' +
  'https://chromium.googlesource.com/chromium/src/+/main/docs/security/apparmor-userns-restrictions.md.\n';
const NOT_SETUID =
  '[4242:1121/101500.123456:FATAL:sandbox/linux/suid/client/setuid_sandbox_host.cc:166] The SUID sandbox helper binary was found, but is ' +
  'not configured correctly. Rather than run without sandboxing I am aborting now.\n';
const TRACE = Array.from({ length: 40 }, (_, line) => `#${line} 0x5581a2b3c4d5 <unknown>\n`).join('');

describe('why it did not open', () => {
  const facts = { electron: '/opt/my apps/electron', usernsRestricted: '1\n' };

  it('is the sandbox: the two commands that help, with the path they need', () => {
    for (const said of [NO_SANDBOX + TRACE, NOT_SETUID + TRACE]) {
      const { why, remedy } = explainWindowFailure(said, 'SIGTRAP', facts);
      expect(why).toContain('kernel.apparmor_restrict_unprivileged_userns = 1');
      expect(remedy.slice(1)).toEqual([
        "  sudo chown root:root '/opt/my apps/chrome-sandbox'",
        "  sudo chmod 4755 '/opt/my apps/chrome-sandbox'",
      ]);
    }
    expect(explainWindowFailure(NO_SANDBOX, 'SIGTRAP', { ...facts, usernsRestricted: null }).why).not.toMatch(
      /AppArmor/,
    );
  });

  it('is what it said last and worst, not the end of a stack trace', () => {
    const said = `[1:ERROR:bus.cc(1)] no bus\n[1:FATAL:ozone_platform_x11.cc(250)] Missing X server or $DISPLAY\n${TRACE}`;
    expect(explainWindowFailure(said, 'SIGTRAP', facts)).toEqual({
      why: 'Missing X server or $DISPLAY',
      remedy: [],
    });
    const library = 'electron: error while loading shared libraries: libnss3.so: cannot open shared object file\n';
    expect(explainWindowFailure(library, 'exit code 127', facts).why).toBe(library.trim());
    expect(explainWindowFailure('', 'exit code 127', facts).why).toBe('exit code 127');
  });
});

describe('the window', () => {
  let dir = '';
  beforeEach(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sy-window-'));
  });
  afterEach(() => {
    fs.rmSync(dir, { recursive: true, force: true });
  });
  const electron = (script: string): string => {
    const file = path.join(dir, 'electron');
    fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return file;
  };

  it('that aborts before it opened is told from one that was closed', async () => {
    fs.writeFileSync(path.join(dir, 'said'), NO_SANDBOX + TRACE);
    const end = await runWindow(electron(`cat '${dir}/said' >&2; exit 133`), dir, []);
    expect(end).toMatchObject({
      kind: 'did not open',
      remedy: [expect.anything(), expect.anything(), expect.anything()],
    });
    expect(await runWindow(electron('exit 0'), dir, [])).toEqual({ kind: 'ended', exitCode: 0 });
  });

  it("gets Chromium's switches before the application and the application's flags after it", async () => {
    await runWindow(electron(`echo "$@" > '${dir}/args'`), dir, ['--hidden', '--no-sandbox']);
    expect(fs.readFileSync(path.join(dir, 'args'), 'utf8').trim()).toBe(`--no-sandbox ${dir} --hidden`);
  });
});
