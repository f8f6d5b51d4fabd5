/** Why the window did not open, from what Electron said before it ended. Pure. */

export interface SandboxFacts {
  /** Absolute path of Electron's program; the helper of its sandbox lies beside it. */
  readonly electron: string;
  /** What /proc/sys/kernel/apparmor_restrict_unprivileged_userns holds; null where there is no such file. */
  readonly usernsRestricted: string | null;
}

export interface WindowFailure {
  /** In a few words. */
  readonly why: string;
  /** What to do about it, one line each; empty when that is not known. */
  readonly remedy: readonly string[];
}

/** What Chromium says when it finds no way to lock its pages up: zygote_host_impl_linux.cc and setuid_sandbox_host.cc. */
const NO_SANDBOX = /No usable sandbox|SUID sandbox helper binary/i;
/** "[pid:date:FATAL:file.cc(123)] text"; a stack trace follows it. */
const FATAL = /^\[[^\]]*FATAL[^\]]*\]\s*(.+)$/m;
const LONGEST = 500;

/**
 * @param said everything Electron wrote to stderr
 * @param end how it ended, for when it said nothing: "exit code 1", "SIGTRAP"
 */
export function explainWindowFailure(said: string, end: string, facts: SandboxFacts): WindowFailure {
  if (NO_SANDBOX.test(said)) return explainSandbox(facts);
  const fatal = FATAL.exec(said)?.[1];
  return { why: (fatal ?? said.trim().split('\n').at(-1)?.trim() ?? '').slice(0, LONGEST) || end, remedy: [] };
}

function explainSandbox({ electron, usernsRestricted }: SandboxFacts): WindowFailure {
  const helper = quote(electron.replace(/[^/]*$/, 'chrome-sandbox'));
  const cause =
    usernsRestricted?.trim() === '1'
      ? 'AppArmor keeps programs of users from making namespaces here (kernel.apparmor_restrict_unprivileged_userns = 1, as Ubuntu ' +
        'has it since 24.04), and the helper that does without is not set up'
      : 'this system gives it neither user namespaces nor a helper that does without';
  return {
    why: `The window needs Chromium's sandbox, and ${cause}`,
    remedy: [
      'These two commands set the helper up, once for this copy of Electron; then start again:',
      `  sudo chown root:root ${helper}`,
      `  sudo chmod 4755 ${helper}`,
    ],
  };
}

/** For a shell. */
function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
