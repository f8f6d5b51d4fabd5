/**
 * Names for experiments nobody named: the directory and the script, "vision: train.py"; where neither says anything,
 * adjective-noun-number, easy to say and to tell apart. Pure.
 */

const ADJECTIVES = [
  'amber',
  'brisk',
  'calm',
  'clear',
  'copper',
  'early',
  'even',
  'fair',
  'gentle',
  'green',
  'grand',
  'high',
  'keen',
  'light',
  'lucid',
  'mild',
  'misty',
  'noble',
  'northern',
  'open',
  'patient',
  'plain',
  'quick',
  'quiet',
  'rapid',
  'silver',
  'slow',
  'southern',
  'steady',
  'still',
  'sunny',
  'warm',
] as const;
const NOUNS = [
  'arch',
  'beacon',
  'branch',
  'bridge',
  'canal',
  'coach',
  'crossing',
  'depot',
  'engine',
  'ferry',
  'gauge',
  'grade',
  'halt',
  'harbor',
  'junction',
  'lantern',
  'lever',
  'line',
  'meadow',
  'platform',
  'rail',
  'ridge',
  'river',
  'shunter',
  'siding',
  'signal',
  'sleeper',
  'spur',
  'switch',
  'tender',
  'tunnel',
  'valley',
] as const;

/** @param random returns 0 <= x < 1 */
export function generateName(random: () => number): string {
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${10 + Math.floor(random() * 90)}`;
}

const LONGEST = 80;
const SCRIPT = /[.](?:py|ipynb|sh|bash|zsh|jl|r|lua|js|mjs|ts|rb|pl|exe|out|bin|yaml|yml)$/i;
/** Programs that only run another one, which says more. */
const RUNNERS: ReadonlySet<string> = new Set([
  'sh',
  'bash',
  'zsh',
  'env',
  'exec',
  'nice',
  'time',
  'timeout',
  'nohup',
  'stdbuf',
  'taskset',
  'numactl',
  'uv',
  'poetry',
  'pipenv',
  'conda',
  'micromamba',
  'run',
  'command',
]);

/**
 * @param entrypoint a line for the shell, or an argument vector
 * @param directory name of the submitted directory alone; null = none
 * @returns null when there is nothing to make a name from
 */
export function nameAfter(entrypoint: string | readonly string[], directory: string | null): string | null {
  const words = typeof entrypoint === 'string' ? entrypoint.split(/[\s;|&()<>"'`]+/) : entrypoint;
  const script = nameOfScript(words.filter((word) => word !== ''));
  const dir = directory === null ? '' : readable(directory);
  const name = script === null ? dir : dir === '' ? script : `${dir}: ${script}`;
  return name === '' ? null : name.slice(0, LONGEST).toWellFormed().trim();
}

function nameOfScript(words: readonly string[]): string | null {
  const moduleFlag = words.indexOf('-m');
  const module = moduleFlag > 0 ? words[moduleFlag + 1] : undefined;
  const isModule = module !== undefined && /^[\w.]+$/.test(module);
  // The first script in the line: what follows it are its arguments.
  const script = words.findIndex((word) => !word.startsWith('-') && SCRIPT.test(word) && !word.includes('='));
  // A launcher is a module too: "python -m torch.distributed.run train.py".
  const found =
    script >= 0
      ? words[script]
      : isModule
        ? module
        : words.find((word) => /^[\w./+-]+$/.test(word) && !word.startsWith('-') && !RUNNERS.has(lastPart(word)));
  const name = found === undefined ? '' : readable(lastPart(found));
  return /\w/.test(name) ? name : null;
}

const lastPart = (word: string): string => word.slice(word.lastIndexOf('/') + 1);

/** Without control characters, which no name needs. */
function readable(text: string): string {
  return text.replaceAll(/\p{C}+/gu, ' ').trim();
}
