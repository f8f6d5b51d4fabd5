/** Measured figures: printed with the run and kept as an artefact. They are reported, not judged by a stopwatch on a busy machine. */
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './shells.ts';

export const ARTEFACTS = path.join(ROOT, 'test-results', 'e2e');

export const FIGURES = path.join(ARTEFACTS, 'figures.txt');

export function reportFigure(what: string, value: string): void {
  mkdirSync(ARTEFACTS, { recursive: true });
  appendFileSync(FIGURES, `${what}: ${value}\n`);
  process.stdout.write(`    ${what}: ${value}\n`);
}
