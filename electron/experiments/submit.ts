/**
 * Submitting: validate, freeze the directory, then write experiment and trial in one transaction.
 * When it returns, the trial is durably queued; when it throws, nothing was queued.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { ExperimentConfig, SubmitBody, SubmitResult } from '../contract/config.ts';
import { SwitchyardError } from '../contract/errors.ts';
import type { RuntimeKind } from '../contract/states.ts';
import type { SnapshotInfo } from '../contract/snapshots.ts';
import type { Dependency } from '../contract/trials.ts';
import type { Snapshots, TakenSnapshot } from '../ports/snapshots.ts';
import type { FoundProgram, RuntimeWish, WishRefusal } from '../ports/trial-runtime.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { rankBehind } from '../queue/rank.ts';
import { splitCommand } from '../text/split-command.ts';
import type { Store } from '../store/database.ts';
import { insertDependencies } from '../store/dependencies.ts';
import { findSubmit, getExperiment, insertExperiment, snapshotInUse } from '../store/experiments.ts';
import { getTrialRow, insertTrial, lastRank } from '../store/trials.ts';
import {
  resolveTrial,
  sayCommand,
  specInSweep,
  type MachineFacts,
  type ResolvedTrial,
} from './config/resolve-config.ts';
import { checkAfter } from './check-after.ts';
import { validateConfig } from './config/parse-config.ts';
import type { StartPoint, TrialSpec } from '../store/trial-spec.ts';
import { latestCheckpoint } from '../store/reports.ts';
import { sayShellShare, shareOfShell } from '../trials/attempts/shell-variables.ts';
import { maskEnv, unmaskEnv } from './mask-env.ts';
import { checkLinks } from './check-links.ts';
import { checkScript } from './check-script.ts';
import { noteProgram } from './program.ts';
import { checkCount, planTrials, type TrialPlan } from './plan-trials.ts';
import { insertSearch } from '../store/searches.ts';
import { checkProgramInCopy } from './program-in-copy.ts';

export interface SubmitDeps {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly facts: () => Promise<MachineFacts>;
  readonly snapshots: Snapshots;
  readonly snapshotLimitBytes: () => number;
  /** What this runtime would refuse for sure. */
  readonly refuse: (runtime: RuntimeKind, wish: RuntimeWish) => Promise<WishRefusal | null>;
  /** Looks a program up as the process runtime will; null where that cannot be told. */
  readonly findProgram: (name: string, env: Readonly<Record<string, string>>) => FoundProgram | null;
  /** What no trial may be shown: the data directory and that of the socket. */
  readonly privateDirs: readonly string[];
  readonly nowMs: () => number;
}

/** @throws SwitchyardError for anything wrong with the configuration or the directory */
export async function submitExperiment(deps: SubmitDeps, body: SubmitBody): Promise<SubmitResult> {
  const again = body.idempotencyKey === undefined ? null : findSubmit(deps.store.db, body.idempotencyKey);
  if (again !== null) return { ...again, notes: [] };
  const afterNotes = checkAfter(deps.store.db, body.after);
  const { config, sourceDir, resolved, plan, notes } = await judgeSubmit(deps, body);
  checkCount(plan.count, body.allowTrials);
  notes.push(...afterNotes);
  const shell = body.shellEnvironment ?? null;
  const input = {
    config,
    resolved,
    plan,
    sourceDir,
    inPlace: body.source.kind === 'in_place',
    env: resolved.env,
    sealedShell: shell === null ? null : deps.secrets.seal(JSON.stringify(shell)),
    paused: body.paused,
    after: body.after,
    idempotencyKey: body.idempotencyKey ?? null,
  };
  const { links = [] } = resolved.spec;
  if (body.source.kind === 'directory') {
    const frozen = await deps.snapshots.take({
      sourceDir: body.source.path,
      limitBytes: deps.snapshotLimitBytes(),
      without: links.map(({ at }) => at),
    });
    try {
      const { files } = frozen.info;
      notes.push(`Froze ${files} ${files === 1 ? 'file' : 'files'} of ${body.source.path}.`, ...frozen.notes);
      const isInCopy = (at: string): boolean =>
        frozen.has(at) || links.some((link) => `${path.posix.normalize(at)}/`.startsWith(`${link.at}/`));
      checkProgramInCopy(resolved.entrypoint, resolved.runtime, body.source.path, isInCopy);
      return write(deps, { ...input, snapshot: frozen, notes });
    } finally {
      letGo(deps, frozen);
    }
  }
  if (body.source.kind === 'in_place') {
    await deps.snapshots.checkSource(body.source.path);
    notes.push(`Runs in ${body.source.path} itself, not in a copy: it sees what you change there before it starts.`);
  }
  return write(deps, { ...input, snapshot: null, notes });
}

/** Everything that can be told of a submit before the directory is copied. @throws SwitchyardError what it is refused with */
export async function judgeSubmit(
  deps: SubmitDeps,
  { config: input, source, shellEnvironment: shell }: Pick<SubmitBody, 'config' | 'source' | 'shellEnvironment'>,
): Promise<{
  readonly config: ExperimentConfig;
  readonly sourceDir: string | null;
  /** Of the first trial; the others differ in what their hyperparameters make of the command. */
  readonly resolved: ResolvedTrial;
  readonly plan: TrialPlan;
  readonly notes: string[];
}> {
  const { config } = validateConfig(input);
  const sourceDir = source.kind === 'none' ? null : path.resolve(source.path);
  const inPlace = source.kind === 'in_place';
  const plan = await planTrials({ config, sourceDir, source: source.kind, random: Math.random });
  const resolved = resolveTrial(ofFirst(config, plan), await deps.facts(), sourceDir, inPlace);
  const { links = [], mounts } = resolved.spec;
  const linkNotes = await checkLinks(links, deps.privateDirs, resolved.runtime);
  await checkWish(deps, resolved, inPlace ? sourceDir : null);
  const notes = [
    ...resolved.notes.map((note) =>
      plan.kind === 'single' ? note : note.replace(/^The command is/, 'The first command is'),
    ),
    ...sayPlan(plan),
    ...(shell === undefined ? [] : sayShellShare(shell, shareOfShell(shell, resolved.runtime, mounts))),
    ...noteProgram(resolved.entrypoint, resolved.runtime, { ...shell, ...resolved.env }, deps.findProgram),
    ...linkNotes,
  ];
  // A mount may bring the script along.
  if (sourceDir !== null && (resolved.runtime === 'process' || mounts.length === 0))
    await checkScript(resolved.entrypoint, sourceDir, resolved.runtime === 'process');
  return { config, sourceDir, resolved, plan, notes };
}

function sayPlan({ kind, count, members, search }: TrialPlan): string[] {
  if (kind === 'single') return [];
  if (search === null) return [`A sweep of ${count} trials.`];
  const begun = members.length < count ? `; ${members.length} of them at once` : '';
  return [`${search.config.name} makes ${count} trials${begun}, and compares them by ${search.config.metric}.`];
}

/** The configuration with the hyperparameters of its first trial. */
const ofFirst = (config: ExperimentConfig, plan: TrialPlan): ExperimentConfig => ({
  ...config,
  hyperparameters: { ...plan.members[0]?.hparams },
});

/** From here on the experiment keeps its snapshot; one that no experiment names, because the submit was refused, goes. */
function letGo({ store, snapshots }: SubmitDeps, frozen: TakenSnapshot): void {
  frozen.release();
  if (snapshotInUse(store.db, frozen.id)) return;
  snapshots.remove(frozen.id).catch(() => {
    // Another submit of the same code is on its way.
  });
}

export interface DuplicateBody {
  /** Replaces the old one. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly paused: boolean;
  readonly after: readonly Dependency[];
  /** It begins with the newest checkpoint of the old trial. */
  readonly fromCheckpoint?: boolean;
}

/** A new experiment on the snapshot of an old trial, with an edited configuration. @throws SwitchyardError */
export async function duplicateTrial(
  deps: SubmitDeps,
  trialId: number,
  { config: input, paused, after, fromCheckpoint = false }: DuplicateBody,
): Promise<SubmitResult> {
  const trial = getTrialRow(deps.store.db, trialId);
  const experiment = trial === null ? null : getExperiment(deps.store.db, trial.experimentId);
  if (trial === null || experiment === null) throw new SwitchyardError('not_found', `There is no trial #${trialId}.`);
  const checkpoint = fromCheckpoint ? latestCheckpoint(deps.store.db, trialId) : null;
  if (fromCheckpoint && checkpoint === null)
    throw new SwitchyardError('illegal_state', `#${trialId} has saved no checkpoint to begin with.`, {
      remedy: `To begin at the beginning: switchyard duplicate ${trialId}`,
    });
  const { config } = validateConfig(input);
  const afterNotes = checkAfter(deps.store.db, after);
  const source = experiment.snapshot === null ? (experiment.inPlace ? 'in_place' : 'none') : 'snapshot';
  const plan = await planTrials({ config, sourceDir: experiment.sourceDir, source, random: Math.random });
  checkCount(plan.count, undefined);
  const resolved = resolveTrial(
    ofFirst(config, plan),
    await deps.facts(),
    experiment.sourceDir,
    experiment.inPlace,
    experiment.config.hyperparameters,
  );
  const linkNotes = await checkLinks(resolved.spec.links ?? [], deps.privateDirs, resolved.runtime);
  await checkWish(deps, resolved, experiment.inPlace ? experiment.sourceDir : null);
  const env = unmaskEnv(resolved.env, openEnv(deps.secrets, experiment.sealedEnv));
  const shell = openEnv(deps.secrets, experiment.sealedShell);
  return write(deps, {
    config,
    resolved,
    plan,
    startFrom: checkpoint === null ? null : { trialId, checkpoint: checkpoint.path },
    snapshot: experiment.snapshot === null ? null : { id: experiment.snapshot, info: experiment.snapshotInfo },
    sourceDir: experiment.sourceDir,
    inPlace: experiment.inPlace,
    env,
    sealedShell: experiment.sealedShell,
    paused,
    idempotencyKey: null,
    after,
    notes: [
      ...resolved.notes,
      ...noteProgram(resolved.entrypoint, resolved.runtime, { ...shell, ...env }, deps.findProgram),
      ...linkNotes,
      ...afterNotes,
    ],
  });
}

/** What could never start is told now, not when its turn comes. @throws SwitchyardError */
async function checkWish(deps: SubmitDeps, { runtime, spec }: ResolvedTrial, inPlaceDir: string | null): Promise<void> {
  const { image, ask, limits, mounts, links = [] } = spec;
  const refused = await deps.refuse(runtime, { image, mounts, links, slots: ask.slots, ...limits, inPlaceDir });
  if (refused !== null)
    throw new SwitchyardError(refused.code, refused.message, { path: refused.path, remedy: refused.remedy });
}

function write(
  deps: SubmitDeps,
  input: {
    readonly config: ExperimentConfig;
    readonly resolved: ResolvedTrial;
    readonly plan: TrialPlan;
    readonly startFrom?: StartPoint | null;
    readonly snapshot: { readonly id: string; readonly info: SnapshotInfo | null } | null;
    readonly sourceDir: string | null;
    readonly inPlace: boolean;
    readonly env: Readonly<Record<string, string>>;
    readonly sealedShell: string | null;
    readonly paused: boolean;
    readonly after: readonly Dependency[];
    readonly idempotencyKey: string | null;
    readonly notes: readonly string[];
  },
): SubmitResult {
  const { resolved, plan } = input;
  const { entrypoint } = input.config;
  const like = input.startFrom == null ? resolved.spec : { ...resolved.spec, startFrom: input.startFrom };
  const members = plan.members.map((member) => ({
    member,
    spec:
      plan.kind === 'single'
        ? { ...like, ...(member.params.length === 0 ? {} : { params: member.params }) }
        : specInSweep(like, entrypoint, member),
  }));
  const key = estimateKeyOf(input.config, resolved.spec, input.sourceDir);
  const sealedEnv = Object.keys(input.env).length === 0 ? null : deps.secrets.seal(JSON.stringify(input.env));
  return deps.store.transact('submit', (tx) => {
    // Two requests with one key may both have come this far.
    const again = input.idempotencyKey === null ? null : findSubmit(tx.db, input.idempotencyKey);
    if (again !== null) return { ...again, notes: [] };
    const experimentId = insertExperiment(tx.db, {
      name: resolved.name,
      config: withoutEnv(input.config),
      sealedEnv,
      sealedShell: input.sealedShell,
      sourceDir: input.sourceDir,
      snapshot: input.snapshot?.id ?? null,
      snapshotInfo: input.snapshot?.info ?? null,
      inPlace: input.inPlace,
      kind: plan.kind,
      createdAtMs: tx.nowMs,
      idempotencyKey: input.idempotencyKey,
    });
    if (plan.search !== null) insertSearch(tx.db, { experimentId, ...plan.search, phase: 'active' });
    const trialIds = members.map(({ member, spec }) => {
      const trialId = insertTrial(tx.db, {
        experimentId,
        name: resolved.name,
        labels: resolved.labels,
        poolId: resolved.poolId,
        state: input.paused ? 'paused' : 'queued',
        priority: resolved.priority,
        rank: rankBehind(lastRank(tx.db, resolved.poolId)),
        spec,
        estimateKey: key,
        hparams: member.hparams,
        submittedAtMs: tx.nowMs,
      });
      insertDependencies(tx.db, trialId, input.after);
      tx.emit({ type: 'trial.submitted', trialId, text: input.paused ? 'Submitted, paused' : 'Submitted' });
      return trialId;
    });
    return { experimentId, trialIds, name: resolved.name, notes: [...input.notes] };
  });
}

/** Runs of the same program from the same place can be compared; their parameters are looked at one by one. */
export function estimateKeyOf(
  { entrypoint }: Pick<ExperimentConfig, 'entrypoint'>,
  spec: TrialSpec,
  sourceDir: string | null,
): string {
  // Before the hyperparameters were written into it.
  const { program } = splitCommand(sayCommand(entrypoint));
  return createHash('sha256')
    .update(JSON.stringify([program, sourceDir, spec.image, spec.ask.slots]))
    .digest('hex')
    .slice(0, 16);
}

function withoutEnv(config: ExperimentConfig): ExperimentConfig {
  return { ...config, environment: { ...config.environment, environment_variables: {} } };
}

/** @throws SwitchyardError secret_unreadable when the key it was sealed with is gone */
export function openEnv(secrets: SecretBox, sealed: string | null): Record<string, string> {
  return sealed === null ? {} : (JSON.parse(secrets.open(sealed)) as Record<string, string>);
}

/**
 * The configuration as the user may see it: environment variables that look like secrets are masked.
 * @returns shellVariables: names of what came along from the shell;
 *   unreadable: why its variables are missing in it, where their key is gone; everything else of the trial is still shown
 */
export function presentConfig(
  secrets: SecretBox,
  config: ExperimentConfig,
  sealedEnv: string | null,
  sealedShell: string | null = null,
): {
  readonly config: ExperimentConfig;
  readonly shellVariables: readonly string[];
  readonly unreadable: string | null;
} {
  const withEnv = (env: Record<string, string>): ExperimentConfig => ({
    ...config,
    environment: { ...config.environment, environment_variables: env },
  });
  try {
    return {
      config: withEnv(maskEnv(openEnv(secrets, sealedEnv))),
      shellVariables: Object.keys(openEnv(secrets, sealedShell)),
      unreadable: null,
    };
  } catch (error) {
    if (!(error instanceof SwitchyardError) || error.code !== 'secret_unreadable') throw error;
    return { config: withEnv({}), shellVariables: [], unreadable: error.message };
  }
}
