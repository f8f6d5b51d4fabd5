/** Reads what the trial programs (life.sh) wrote about themselves, which no engine can touch. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type LifeKind = 'work' | 'crash' | 'polite' | 'stubborn' | 'leaver';

export interface LifeFact {
  readonly what: 'start' | 'end' | 'polite' | 'twice' | 'overlap-trial' | 'overlap-slot' | 'overlap-cpu';
  readonly trialId: number;
  readonly attempt: number;
  readonly uptimeS: number;
  /** UUIDs the program was given, none for a trial without a GPU. */
  readonly slots: readonly string[];
}

export interface LifeProof {
  readonly program: string;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  facts(): LifeFact[];
}

/** @param cpuPlaces how many trials without a GPU may run at once */
export function prepareProof(dir: string, cpuPlaces: number): LifeProof {
  for (const part of ['once', 'locks']) mkdirSync(path.join(dir, part), { recursive: true });
  const program = path.join(dir, 'life.sh');
  copyFileSync(fileURLToPath(new URL('./life.sh', import.meta.url)), program);
  const log = path.join(dir, 'life.log');
  return {
    program,
    dir,
    env: { PROOF: dir, CPU_PLACES: String(cpuPlaces) },
    facts: () =>
      !existsSync(log)
        ? []
        : readFileSync(log, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => {
              const [what, trialId, attempt, uptimeS, slots] = line.split(' ');
              return {
                what: what as LifeFact['what'],
                trialId: Number(trialId),
                attempt: Number(attempt),
                uptimeS: Number(uptimeS),
                slots: slots === '-1' || slots === undefined ? [] : slots.split(','),
              };
            }),
  };
}
