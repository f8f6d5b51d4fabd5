/**
 * A machine of the simulated cloud: its user data really runs, as a process tree with a directory of its own. The programs that
 * end a machine are stand-ins, first on its PATH, that only note what was asked for; every process of it carries that PATH and is found by it.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const STAND_INS = {
  shutdown: 'echo "shutdown $*" >> "$SIM/power"',
  systemctl: 'echo "systemctl $*" >> "$SIM/power"',
  poweroff: 'echo "systemctl poweroff" >> "$SIM/power"',
  reboot: 'echo "systemctl reboot" >> "$SIM/power"',
} as const;

export interface MachineBody {
  /** Kill -9 for all of it, as when the power fails. Settles when nothing of it runs. */
  powerOff(): Promise<void>;
  readonly dir: string;
  /** What was asked of shutdown and systemctl, a line each. */
  asked(): string[];
}

export interface MachineBodyOptions {
  readonly dir: string;
  readonly userData: string;
  /** How long a minute of its own `shutdown -P +N` is. */
  readonly minuteMs: number;
  readonly env: Readonly<Record<string, string>>;
  /** It asked to be switched off. */
  readonly onPowerOff: () => void;
}

export function startMachineBody({ dir, userData, minuteMs, env, onPowerOff }: MachineBodyOptions): MachineBody {
  const bin = path.join(dir, 'bin');
  for (const one of [bin, path.join(dir, 'units'), path.join(dir, 'opt')]) fs.mkdirSync(one, { recursive: true });
  for (const [name, line] of Object.entries(STAND_INS))
    fs.writeFileSync(path.join(bin, name), `#!/bin/sh\nSIM='${dir}'\n${line}\n`, { mode: 0o755 });
  const power = path.join(dir, 'power');
  fs.writeFileSync(power, '');
  const script = path.join(dir, 'user-data');
  fs.writeFileSync(script, userData, { mode: 0o700 });
  let isOff = false;
  let deadline: NodeJS.Timeout | null = null;
  let read = 0;
  const asked = (): string[] => fs.readFileSync(power, 'utf8').split('\n').filter(Boolean);

  const boot = (file: string): void => {
    const log = fs.openSync(path.join(dir, 'console'), 'a');
    const child = spawn('/bin/bash', [file], {
      cwd: dir,
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        ...env,
        PATH: `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
        HOME: dir,
        SWITCHYARD_ROOT: path.join(dir, 'opt'),
        SWITCHYARD_UNITS: path.join(dir, 'units'),
        SWITCHYARD_PAUSE: '0.2',
      },
    });
    child.unref();
    fs.closeSync(log);
  };
  const look = (): void => {
    if (isOff) return;
    for (const line of asked().slice(read)) {
      read += 1;
      const minutes = /^shutdown -P \+(\d+)$/.exec(line)?.[1];
      if (minutes !== undefined) {
        if (deadline !== null) clearTimeout(deadline);
        deadline = setTimeout(onPowerOff, Number(minutes) * minuteMs);
      } else if (/^shutdown -P now|^systemctl poweroff/.test(line)) onPowerOff();
      else if (line.startsWith('systemctl reboot'))
        void killAll(bin).then(() => {
          if (!isOff) boot(path.join(dir, 'opt', 'run.sh'));
        });
    }
  };
  const watcher = setInterval(look, 20);
  boot(script);

  return {
    dir,
    asked,
    async powerOff() {
      isOff = true;
      clearInterval(watcher);
      if (deadline !== null) clearTimeout(deadline);
      await killAll(bin);
    },
  };
}

/** Pids of processes whose environment names the machine's own programs. */
function membersOf(bin: string): number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return fs.readFileSync(`/proc/${name}/environ`, 'latin1').includes(`${bin}:`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

async function killAll(bin: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const pids = membersOf(bin);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    if (Date.now() > deadline) throw new Error(`processes of a simulated machine cannot be ended: ${pids.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
