/** What there is on a machine before a pool is made of it. Makes nothing there, keeps nothing here. */
import type { GpuReading } from '../../electron/ports/gpu-probe.ts';
import type { SshTarget, TargetCheck, TargetFinding } from '../../electron/contract/targets.ts';
import type { BoxLink } from './box-link.ts';
import { SshFault } from './ssh-fault.ts';
import { createSshGpuProbe, readHostFacts, runThere, type HostFacts } from './ssh-machine.ts';

/** Less is no place to work in. */
const LEAST_FREE_MIB = 1024;
const LITTLE_FREE_MIB = 20 * 1024;
const TOOL_TIMEOUT_MS = 10_000;
const ABOUT: Readonly<Record<SshFault['about'], string>> = {
  reach: 'reachable',
  host_key: 'host-key',
  login: 'login',
  python: 'python',
  there: 'reachable',
};

/** @param link to the host, without a place opened on it. Never rejects. */
export async function checkMachine(target: SshTarget, link: BoxLink): Promise<TargetCheck> {
  const { host } = target;
  let facts: HostFacts;
  try {
    facts = await readHostFacts(link, target.root, true);
  } catch (error) {
    const fault = error instanceof SshFault ? error : new SshFault('refused', String(error));
    const finding = { id: ABOUT[fault.about], level: 'error', text: fault.message, remedy: fault.remedy } as const;
    // Python is asked for behind the login.
    const before = fault.about === 'python' ? [ok('reachable', `${host} lets us in.`)] : [];
    return { usable: false, findings: [...before, finding], machine: null };
  }
  const findings: TargetFinding[] = [
    ok('reachable', `${host} lets us in, as ${facts.user} on ${facts.hostname}.`),
    ok('python', `Python ${facts.python}.`),
  ];
  if (facts.system !== 'Linux')
    findings.push(error('system', `It runs ${facts.system}; trials can be sent to Linux only.`, null));
  const [docker, reading, kills] = await Promise.all([
    checkDocker(link),
    createSshGpuProbe(link, () => link.trouble()?.fault.message ?? null).read(true),
    killsAtLogout(link),
  ]);
  findings.push(docker, ...describeGpus(reading), ...describePlace(facts));
  if (kills)
    findings.push(
      warning(
        'logout',
        'It ends the programs of whoever logs out, and trials with them.',
        `On that machine, type: sudo loginctl enable-linger ${facts.user}`,
      ),
    );
  return {
    usable: findings.every(({ level }) => level !== 'error'),
    findings,
    machine: {
      hostname: facts.hostname,
      workDir: facts.root,
      cpuCount: facts.cpus,
      memoryMiB: facts.memoryMiB,
      diskFreeMiB: facts.diskFreeMiB,
      gpus: reading.gpus.map((gpu, place) => ({
        label: `GPU ${gpu.index ?? place}`,
        name: gpu.name,
        totalMiB: gpu.memoryTotalMiB,
      })),
    },
  };
}

const ok = (id: string, text: string): TargetFinding => ({ id, level: 'ok', text, remedy: null });
const warning = (id: string, text: string, remedy: string | null): TargetFinding => ({
  id,
  level: 'warning',
  text,
  remedy,
});
const error = (id: string, text: string, remedy: string | null): TargetFinding => ({
  id,
  level: 'error',
  text,
  remedy,
});

async function checkDocker(link: BoxLink): Promise<TargetFinding> {
  const { kind, text, exitCode } = await runThere(
    link,
    ['docker', 'version', '--format', '{{.Server.Version}}'],
    TOOL_TIMEOUT_MS,
  );
  const without = 'Trials with an image cannot run there; those without one can.';
  if (kind === 'missing')
    return warning('docker', `It has no Docker. ${without}`, 'Install it, for example: sudo apt install docker.io');
  if (kind === 'output' && exitCode === 0) return ok('docker', `Docker ${plain(text)}.`);
  const remedy = /permission denied/i.test(text)
    ? 'On that machine, type: sudo usermod -aG docker "$USER"; it counts from the next login.'
    : 'Look at it there with: docker version';
  return warning('docker', `Docker does not answer there (${plain(text) || kind}). ${without}`, remedy);
}

function describeGpus(reading: GpuReading): readonly TargetFinding[] {
  if (reading.source === 'none' && reading.problem === null)
    return [warning('gpus', 'It has no NVIDIA driver; only trials without a GPU can run there.', null)];
  if (reading.gpus.length === 0)
    return [error('gpus', reading.problem ?? 'Its GPUs cannot be read.', 'Look at it there with: nvidia-smi')];
  const names = reading.gpus.map(({ name }) => name);
  const counted = [...new Set(names)].map((name) => `${names.filter((one) => one === name).length} x ${name}`);
  const ill = reading.gpus.filter(({ health }) => !health.ok).map(({ health }) => health.reason ?? 'not healthy');
  return [
    ok('driver', `NVIDIA driver ${reading.driverVersion ?? 'of an unknown version'}.`),
    ill.length === 0
      ? ok('gpus', `${counted.join(', ')}.`)
      : warning('gpus', `${counted.join(', ')}; ${ill.join('; ')}`, null),
  ];
}

function describePlace(facts: HostFacts): readonly TargetFinding[] {
  const found: TargetFinding[] = [];
  if (facts.rootTaken)
    found.push(error('work', `${facts.root} is there and is no directory.`, 'Name another directory.'));
  else if (!facts.rootWritable)
    found.push(
      error(
        'work',
        `${facts.user} may not write in ${facts.nearest}, where work would lie.`,
        'Name another directory, or let its owner give the right to write there.',
      ),
    );
  else found.push(ok('work', `Work will lie in ${facts.root}${facts.rootExists ? '' : ', which will be made'}.`));
  const gib = `${(facts.diskFreeMiB / 1024).toFixed(1)} GiB`;
  if (facts.diskFreeMiB < LEAST_FREE_MIB)
    found.push(error('disk', `Only ${gib} are free there.`, 'Free some space, or name a directory on another disk.'));
  else if (facts.diskFreeMiB < LITTLE_FREE_MIB)
    found.push(warning('disk', `${gib} are free there.`, 'Checkpoints may need more.'));
  else found.push(ok('disk', `${gib} are free there.`));
  return found;
}

/** systemd's KillUserProcesses, where nobody lingers. */
async function killsAtLogout(link: BoxLink): Promise<boolean> {
  const [manager, user] = await Promise.all([
    runThere(
      link,
      [
        'busctl',
        'get-property',
        'org.freedesktop.login1',
        '/org/freedesktop/login1',
        'org.freedesktop.login1.Manager',
        'KillUserProcesses',
      ],
      TOOL_TIMEOUT_MS,
    ),
    runThere(link, ['loginctl', 'show-user', '--property=Linger', '--value', '--no-pager'], TOOL_TIMEOUT_MS),
  ]);
  return manager.kind === 'output' && manager.text.trim() === 'b true' && user.text.trim() !== 'yes';
}

function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
