/** Every verb with its one-line summary. Modules are loaded one at a time, when their verb is used. */
import type { VerbSummary } from './command-context.ts';

export interface Verb extends VerbSummary {
  readonly group: 'Queue' | 'Look' | 'Order' | 'Control' | 'Tidy' | 'Machine' | 'Engine';
  /** Words after "--" are a command for the trial, not arguments. */
  readonly takesCommand?: true;
}

export const VERBS: readonly Verb[] = [
  {
    name: 'submit',
    group: 'Queue',
    summary: 'queue a training run',
    takesCommand: true,
    load: () => import('./verbs/submit.ts'),
  },
  {
    name: 'duplicate',
    group: 'Queue',
    summary: 'queue a copy of a trial with changes',
    takesCommand: true,
    load: () => import('./verbs/duplicate.ts'),
  },
  {
    name: 'fork',
    group: 'Queue',
    summary: 'queue a trial that goes on from a checkpoint of another',
    takesCommand: true,
    load: () => import('./verbs/fork.ts'),
  },
  { name: 'example', group: 'Queue', summary: 'queue a bundled example', load: () => import('./verbs/example.ts') },
  { name: 'retry', group: 'Queue', summary: 'run a finished trial again', load: () => import('./verbs/retry.ts') },
  { name: 'wait', group: 'Queue', summary: 'wait until trials are done', load: () => import('./verbs/wait.ts') },
  { name: 'ls', group: 'Look', summary: 'list trials, and why they wait', load: () => import('./verbs/ls.ts') },
  { name: 'show', group: 'Look', summary: 'everything about one trial', load: () => import('./verbs/show.ts') },
  { name: 'diff', group: 'Look', summary: 'what changed in the code', load: () => import('./verbs/diff.ts') },
  { name: 'logs', group: 'Look', summary: "a trial's output", load: () => import('./verbs/logs.ts') },
  {
    name: 'metrics',
    group: 'Look',
    summary: 'what a trial reported, also as CSV',
    load: () => import('./verbs/metrics.ts'),
  },
  {
    name: 'params',
    group: 'Look',
    summary: 'what -S makes of a parameter file',
    load: () => import('./verbs/params.ts'),
  },
  {
    name: 'preview-search',
    group: 'Look',
    summary: 'what a searcher will make',
    load: () => import('./verbs/preview-search.ts'),
  },
  { name: 'exp', group: 'Look', summary: 'sweeps as wholes, trials as a table', load: () => import('./verbs/exp.ts') },
  { name: 'mv', group: 'Order', summary: 'move trials in the queue', load: () => import('./verbs/mv.ts') },
  {
    name: 'priority',
    group: 'Order',
    summary: 'change the priority of trials',
    load: () => import('./verbs/priority.ts'),
  },
  {
    name: 'release',
    group: 'Order',
    summary: 'let trials start without those they wait for',
    load: () => import('./verbs/release.ts'),
  },
  {
    name: 'pool',
    group: 'Order',
    summary: 'pools: list, create, change, pause, move trials',
    load: () => import('./verbs/pool.ts'),
  },
  {
    name: 'move',
    group: 'Order',
    summary: 'move trials to another pool, or elsewhere',
    load: () => import('./verbs/move.ts'),
  },
  {
    name: 'cloud',
    group: 'Machine',
    summary: 'machines elsewhere: check, add, list',
    load: () => import('./verbs/cloud.ts'),
  },
  {
    name: 'undo',
    group: 'Order',
    summary: 'take back a move, archive or cancel',
    load: () => import('./verbs/undo.ts'),
  },
  {
    name: 'pause',
    group: 'Control',
    summary: 'stop trials and keep their place',
    load: () => import('./verbs/pause.ts'),
  },
  {
    name: 'resume',
    group: 'Control',
    summary: 'let paused trials start again',
    load: () => import('./verbs/resume.ts'),
  },
  {
    name: 'freeze',
    group: 'Control',
    summary: 'stop trials where they stand',
    load: () => import('./verbs/freeze.ts'),
  },
  { name: 'unfreeze', group: 'Control', summary: 'let frozen trials go on', load: () => import('./verbs/unfreeze.ts') },
  {
    name: 'cancel',
    group: 'Control',
    summary: 'take trials out, with a grace period',
    load: () => import('./verbs/cancel.ts'),
  },
  {
    name: 'kill',
    group: 'Control',
    summary: 'stop trials without a grace period',
    load: () => import('./verbs/kill.ts'),
  },
  { name: 'rename', group: 'Tidy', summary: 'rename a trial', load: () => import('./verbs/rename.ts') },
  { name: 'label', group: 'Tidy', summary: 'add and take away labels', load: () => import('./verbs/label.ts') },
  { name: 'archive', group: 'Tidy', summary: 'hide finished trials', load: () => import('./verbs/archive.ts') },
  {
    name: 'unarchive',
    group: 'Tidy',
    summary: 'show archived trials again',
    load: () => import('./verbs/unarchive.ts'),
  },
  { name: 'rm', group: 'Tidy', summary: 'delete trials, logs and checkpoints', load: () => import('./verbs/rm.ts') },
  {
    name: 'disk',
    group: 'Machine',
    summary: 'what takes the room; give some back',
    load: () => import('./verbs/disk.ts'),
  },
  {
    name: 'gpus',
    group: 'Machine',
    summary: 'GPUs: what is on them; keep one back',
    load: () => import('./verbs/gpus.ts'),
  },
  {
    name: 'doctor',
    group: 'Machine',
    summary: 'what was found and what to do',
    load: () => import('./verbs/doctor.ts'),
  },
  { name: 'open', group: 'Engine', summary: 'open the user interface', load: () => import('./verbs/open.ts') },
  {
    name: 'serve',
    group: 'Engine',
    summary: 'run the engine in the foreground',
    load: () => import('./verbs/serve.ts'),
  },
  { name: 'stop', group: 'Engine', summary: 'stop the engine; trials go on', load: () => import('./verbs/stop.ts') },
  {
    name: 'service',
    group: 'Engine',
    summary: 'run the engine as a systemd service',
    load: () => import('./verbs/service.ts'),
  },
  {
    name: 'notify',
    group: 'Engine',
    summary: 'be told when trials end: webhook, ntfy, mail, command',
    load: () => import('./verbs/notify.ts'),
  },
  { name: 'settings', group: 'Engine', summary: 'show and change settings', load: () => import('./verbs/settings.ts') },
  {
    name: 'completion',
    group: 'Engine',
    summary: 'tab completion for your shell',
    load: () => import('./verbs/completion.ts'),
  },
  {
    name: 'plan',
    group: 'Engine',
    summary: 'run the scheduler on a scenario file',
    load: () => import('./verbs/plan.ts'),
  },
];

/** Words people try that mean one of ours. */
const SYNONYMS: Readonly<Record<string, string>> = {
  list: 'ls',
  queue: 'ls',
  ps: 'ls',
  status: 'ls',
  add: 'submit',
  run: 'submit',
  log: 'logs',
  tail: 'logs',
  offload: 'move',
  delete: 'rm',
  remove: 'rm',
  info: 'show',
  describe: 'show',
  start: 'serve',
  gpu: 'gpus',
  pools: 'pool',
  config: 'settings',
  follow: 'logs',
  clone: 'duplicate',
  du: 'disk',
  df: 'disk',
  space: 'disk',
  quit: 'stop',
  shutdown: 'stop',
  examples: 'example',
  restart: 'retry',
  abort: 'cancel',
  dup: 'duplicate',
};

/** @returns the verb meant by a mistyped word, or null */
export async function suggestVerb(word: string): Promise<string | null> {
  const synonym = Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : undefined;
  if (synonym !== undefined) return synonym;
  const { suggest } = await import('../text/nearest.ts');
  return suggest(
    word,
    VERBS.map((verb) => verb.name),
  );
}

/** @returns the help of `switchyard` alone */
export function formatOverview(): string {
  const groups = [...new Set(VERBS.map((verb) => verb.group))];
  const lines = groups.flatMap((group) => [
    '',
    `${group}:`,
    ...VERBS.filter((verb) => verb.group === group).map((verb) => `  ${verb.name.padEnd(11)} ${verb.summary}`),
  ]);
  return [
    'Usage: switchyard VERB [ARGUMENT...]',
    '',
    'Lines up training runs on this workstation. A headless engine is started in the background when none runs.',
    ...lines,
    '',
    'Examples:',
    '  switchyard submit -- python train.py --lr 0.1',
    '  switchyard ls',
    '  switchyard logs 14 -f',
    '',
    'Every verb has --help and --json. Data: SWITCHYARD_HOME, else the usual place of this system.',
  ].join('\n');
}
