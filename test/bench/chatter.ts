/** A program that prints lines at a steady pace, each with its number and the time it was printed. */

export const LINES_PER_SECOND = 50_000;
const LINE = / t=(\d+) /;

/** @returns argv of the program */
export function chatterCommand(seconds: number): string[] {
  const script = `
    const { writeSync } = require('fs');
    const began = performance.now();
    let sent = 0;
    const total = ${LINES_PER_SECOND * seconds};
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor((performance.now() - began) * ${LINES_PER_SECOND / 1000}));
      const t = Date.now();
      let text = '';
      for (; sent < due; sent++) text += sent + ' t=' + t + ' epoch 3 step ' + sent + ' loss 0.4321 acc 0.8765\\n';
      for (let rest = Buffer.from(text); rest.length > 0;) rest = rest.subarray(writeSync(1, rest));
      if (sent === total) clearInterval(timer);
    }, 10);`;
  return [process.execPath, '-e', script];
}

/** @returns when the line was printed, wall clock ms; null for anything else */
export function printedAtMs(line: string): number | null {
  const found = LINE.exec(line);
  return found === null ? null : Number(found[1]);
}
