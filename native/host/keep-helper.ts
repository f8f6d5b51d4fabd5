/** The Python helper as trials get it (keep-file.ts). */
import path from 'node:path';
import { keepFile } from './keep-file.ts';

const FILE = 'switchyard.py';

/**
 * @param sourceDir holds the helper that came with the program
 * @param keptDir below it the copies lie; made when missing
 * @returns the directory that holds exactly this helper, for PYTHONPATH
 * @throws the system's error when the helper is missing or cannot be written
 */
export function keepHelper(sourceDir: string, keptDir: string): string {
  return keepFile(path.join(sourceDir, FILE), keptDir, FILE, 0o644);
}
