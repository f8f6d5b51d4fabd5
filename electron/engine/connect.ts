/** What hears what: the one list of connections, made when everything is there. */
import { listDependents } from '../store/dependencies.ts';
import { getTrialRow } from '../store/trials.ts';
import { createSearchRunner } from '../experiments/run-searches.ts';
import { createReestimation } from '../scheduler/reestimate.ts';
import { createCommitFollower, type CommitFollower } from '../trials/life/follow-commits.ts';
import { createHeldWaker } from '../trials/life/wake-held.ts';
import type { Parts } from './parts.ts';

/** @returns who follows the commits; it wants to know what was left */
export function connect({ ground, machine, screen, trials, plans }: Parts): CommitFollower {
  const { store, changes, nowMs } = ground;
  const { feed, notices, likeRuns, endedSignals } = screen;
  const { index, loop, monitor, far, planView, gpuStatus, setPace } = plans;
  const readTrial = (id: number): ReturnType<typeof getTrialRow> => getTrialRow(store.db, id);
  const reestimation = createReestimation((estimateKeys) => {
    for (const estimateKey of estimateKeys) likeRuns.forget({ estimateKey });
    index.reestimate(estimateKeys);
    loop.nudge();
  });
  const waker = createHeldWaker({
    nowMs,
    readTrial,
    onTime: (id, row) => {
      index.update(id, row);
      loop.nudge();
    },
  });
  const searches = createSearchRunner({ store, changeTrials: changes.changeTrials, onError: ground.report });
  ground.closers.add(() => {
    reestimation.close();
    waker.close();
    searches.close();
  });
  const follower = createCommitFollower({
    readTrial,
    dependentsOf: (id) => listDependents(store.db, id),
    index,
    likeRuns,
    reestimation,
    waker,
    monitor,
    loop,
    feed,
    endedSignals,
    setPace,
  });

  changes.performWith((effects) => {
    trials.runner.perform(effects);
  });
  store.onCommit((commit) => {
    follower.follow(commit);
    if (commit.trialIds.size > 0) screen.courier.nudge();
    searches.nudge();
    if (commit.poolIds.size > 0) far.sync();
  });
  // What an engine before this one had not taken in.
  searches.nudge();
  monitor.onReading(({ problem }) => {
    if (problem === null) notices.lower('gpu_problem');
    else notices.raise({ id: 'gpu_problem', level: 'warning', text: problem, remedy: null });
    feed.publish({ event: 'gpus', data: gpuStatus() });
    loop.nudge(true);
  });
  far.onReading(() => {
    feed.publish({ event: 'gpus', data: gpuStatus() });
    loop.nudge(true);
  });
  loop.onPlanned(() => {
    if (feed.hasScreen()) feed.publish({ event: 'plan', data: planView.current() });
  });
  machine.launchHolds.onChange(() => {
    const [place] = machine.launchHolds.places();
    if (place === undefined) notices.lower('launch_hold');
    else notices.raise({ id: 'launch_hold', level: 'error', ...place });
    loop.nudge();
  });
  machine.imageSupply.onChange(() => {
    loop.nudge();
  });
  machine.cloud.onChange(() => {
    const troubled = machine.cloud.journeys.live().filter(({ attention }) => attention !== null);
    const [first] = troubled;
    if (first === undefined) notices.lower('cloud_attention');
    else
      notices.raise({
        id: 'cloud_attention',
        level: 'error',
        text: `Rented machines that need attention, and may cost money: ${troubled.length}. ${first.attention?.text ?? ''}`,
        remedy: first.attention?.remedy ?? 'See them, and how to end them by hand: switchyard cloud machines',
      });
    const { liveMachines, perHourUsd, perHourIsWhole } = machine.cloud.money(1);
    feed.publish({ event: 'cloud', data: { liveMachines, perHourUsd, perHourIsWhole, attention: troubled.length } });
  });
  machine.cloud.reconciler.onOverBudget((trialId, why) => {
    changes.changeTrials('a budget that is used up', ({ tx, fire }) => {
      const trial = getTrialRow(tx.db, trialId);
      if (trial === null) return;
      tx.emit({ type: 'over_budget', trialId, text: `${why} It is paused, and its machine ends.` });
      fire(trial, { type: 'pause' });
    });
  });
  machine.imageSupply.onRefused((trialId, { message, remedy }) => {
    changes.changeTrials('an image that cannot be had', ({ tx, fire }) => {
      const trial = getTrialRow(tx.db, trialId);
      if (trial !== null) fire(trial, { type: 'image_refused', message, remedy });
    });
  });
  machine.runtimeWatch.onChange((kind, status, before) => {
    machine.imageSupply.forgetAll(kind);
    loop.nudge();
    if (status.available && !before.available) machine.launchHolds.lift(kind);
    trials.runner.runtimeChanged(kind, status.available ? null : (status.problem ?? 'it does not answer'));
    if (kind !== 'docker') return;
    if (status.available) {
      notices.lower('docker_down');
      trials.sweep(kind);
    } else if (before.available) {
      const text = `The Docker engine does not answer. ${status.problem ?? ''}`.trim();
      notices.raise({ id: 'docker_down', level: 'error', text, remedy: status.remedy });
    }
  });
  return follower;
}
