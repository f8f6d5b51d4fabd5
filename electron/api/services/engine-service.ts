/** The engine itself: its version, its end, what is wrong with the machine, and its own faults. */
import type { DoctorCheck } from '../../contract/settings.ts';

export interface EngineService {
  readonly version: string;
  doctor(): Promise<DoctorCheck[]>;
  requestStop(): void;
  /** Logs an unexpected error. @returns the id under which it can be found */
  reportBug(error: unknown, where: string): string;
}
