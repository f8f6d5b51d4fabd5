/** The machines over SSH that this engine uses: one connection for each place, opened when it is first used. */
import path from 'node:path';
import type { SshTarget } from '../../electron/contract/targets.ts';
import type { Clock } from '../../electron/ports/clock.ts';
import type { FarMachine, FarMachines } from '../../electron/ports/far-machine.ts';
import { createBoxLink, type BoxLink } from './box-link.ts';
import { checkMachine } from './check-machine.ts';
import { createSshGpuProbe, createSshHostProbe } from './ssh-machine.ts';
import { createSshProvider } from './ssh-provider.ts';

export interface SshMachinesOptions {
  readonly clock: Clock;
  readonly engineId: string;
  /** resources/agent: what is sent there. */
  readonly agentDir: string;
  /** Environment of ssh; missing = the engine's own. */
  readonly env?: NodeJS.ProcessEnv;
}

interface Place {
  readonly link: BoxLink;
  readonly machine: FarMachine;
}

export function createSshMachines(options: SshMachinesOptions): FarMachines {
  const { clock, engineId, agentDir } = options;
  const places = new Map<string, Place>();
  const keyOf = ({ host, root }: Pick<SshTarget, 'host' | 'root'>): string => `${host} ${root}`;

  function link(host: string, place: { readonly root: string } | null): BoxLink {
    return createBoxLink({
      host,
      boxFile: path.join(agentDir, 'box.py'),
      env: options.env ?? process.env,
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      ...(place === null ? {} : { place: { root: place.root, engineId } }),
    });
  }

  function placeOf(target: SshTarget): Place {
    const known = places.get(keyOf(target));
    if (known !== undefined) return known;
    const shared = link(target.host, target);
    const trouble: FarMachine['trouble'] = () => {
      const found = shared.trouble();
      return found === null ? null : { sinceMs: found.sinceMs, text: found.fault.message, remedy: found.fault.remedy };
    };
    const host = createSshHostProbe(shared, target.root);
    const made: Place = {
      link: shared,
      machine: {
        gpus: createSshGpuProbe(shared, () => trouble()?.text ?? null),
        host,
        attemptsOf: (pids) => host.attemptsOf(pids),
        trouble,
      },
    };
    places.set(keyOf(target), made);
    return made;
  }

  async function check(target: SshTarget): ReturnType<FarMachines['check']> {
    const own = link(target.host, null);
    try {
      return await checkMachine(target, own);
    } finally {
      own.close();
    }
  }

  return {
    check,
    at: (target) => placeOf(target).machine,
    provider: (target) =>
      createSshProvider({
        host: target.host,
        root: target.root,
        engineId,
        link: placeOf(target).link,
        agentFile: path.join(agentDir, 'agent.py'),
        check: async () => (await check(target)).findings,
      }),
    keepOnly(targets) {
      const wanted = new Set(targets.flatMap((target) => (target.provider === 'ssh' ? [keyOf(target)] : [])));
      for (const [key, place] of places) {
        if (wanted.has(key)) continue;
        place.link.close();
        places.delete(key);
      }
    },
    close() {
      for (const place of places.values()) place.link.close();
      places.clear();
    },
  };
}
