/**
 * What the tests need from the machine besides npm packages: Chromium, a Docker Engine, git and some Linux tools.
 * On Debian as root missing ones are installed once; elsewhere they are named.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runCommand } from './run-command.ts';

export interface Component {
  readonly name: string;
  /** Programs of which one must be there. */
  readonly programs: readonly string[];
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  readonly neededFor: string;
  /** Only where the tests that need it can run at all. */
  readonly platform?: NodeJS.Platform;
}

const COMPONENTS: readonly Component[] = [
  {
    name: 'chromium',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    packages: ['chromium', 'fonts-dejavu-core'],
    neededFor: 'end to end tests',
  },
  {
    name: 'docker',
    programs: ['dockerd'],
    packages: ['docker.io', 'iptables'],
    neededFor: 'tests with real containers',
    platform: 'linux',
  },
  {
    name: 'busybox',
    programs: ['busybox'],
    packages: ['busybox-static'],
    neededFor: 'images for tests with real containers',
    platform: 'linux',
  },
  {
    name: 'sshd',
    programs: ['sshd'],
    packages: ['openssh-server', 'openssh-client'],
    neededFor: 'tests with machines over SSH',
    platform: 'linux',
  },
  { name: 'git', programs: ['git'], packages: ['git'], neededFor: 'snapshots' },
  { name: 'python3', programs: ['python3'], packages: ['python3'], neededFor: 'the example and the Python helper' },
  {
    name: 'ip',
    programs: ['ip'],
    packages: ['iproute2'],
    neededFor: 'tests with network name spaces',
    platform: 'linux',
  },
  {
    name: 'unshare',
    programs: ['unshare'],
    packages: ['util-linux'],
    neededFor: 'tests with name spaces',
    platform: 'linux',
  },
  {
    name: 'ps',
    programs: ['ps'],
    packages: ['procps'],
    neededFor: 'looking for left-over processes',
    platform: 'linux',
  },
];

/** Where system programs live that are not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @returns the absolute path of the first of these programs, or null */
export function findProgram(programs: readonly string[]): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...SYSTEM_FOLDERS];
  for (const program of programs) {
    for (const folder of folders) {
      const file = path.join(folder, program);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Look on.
      }
    }
  }
  return null;
}

/** @returns the path of a Chromium to test with, or null */
export function findChromium(): string | null {
  const own = process.env['SWITCHYARD_CHROMIUM'];
  if (own !== undefined && existsSync(own)) return own;
  return findProgram(COMPONENTS[0]?.programs ?? []);
}

function listMissing(): Component[] {
  return COMPONENTS.filter(
    (component) =>
      (component.platform === undefined || component.platform === process.platform) &&
      (component.name === 'chromium' ? findChromium() === null : findProgram(component.programs) === null),
  );
}

/**
 * Installs what is missing where that is possible (root, apt-get), once per run.
 * @param report one line for the person who watches
 * @returns the components that are still missing
 */
export async function provideComponents(report: (line: string) => void): Promise<Component[]> {
  const missing = listMissing();
  if (missing.length === 0) return [];
  const aptGet = findProgram(['apt-get']);
  if (aptGet === null || process.getuid?.() !== 0) return missing;
  const packages = [...new Set(missing.flatMap((component) => component.packages))];
  report(`installing ${packages.join(' ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const update = await runCommand([aptGet, '-qq', 'update'], { timeLimitMs: 180_000, env });
  const install = await runCommand([aptGet, '-qq', '-y', '--no-install-recommends', 'install', ...packages], {
    timeLimitMs: 420_000,
    env,
  });
  const still = listMissing();
  if (still.length > 0) {
    const failed = install.exitCode === 0 ? update : install;
    report(
      `apt-get did not bring ${still.map((component) => component.name).join(', ')}: ${failed.output.trim().split('\n').at(-1) ?? ''}`,
    );
  }
  return still;
}
