/** Whether a program asks whether to stop: the helper leaves a file at the first question. */
import { lstatSync } from 'node:fs';
import { attemptFiles } from './directories.ts';

/** @returns false also where that cannot be told. A link is not followed: the trial can write there. */
export function asksForStop(trialsDir: string, trialId: number, attempt: number): boolean {
  try {
    return lstatSync(attemptFiles(trialsDir, trialId, attempt).stopAsked).isFile();
  } catch {
    return false;
  }
}
