import type { Migration } from '../migration.ts';

/**
 * A trial's description keeps what was asked for of a runtime, not what once came of it, and what it asks of the GPUs, its terms
 * in the queue and its limits stand together. Every trial gets the runtime it had.
 */
const runtimeWish: Migration = {
  version: 4,
  name: 'runtime wish',
  up(db) {
    db.exec(`
      UPDATE trial SET spec = json_set(
        json_remove(spec, '$.slots', '$.minFreeMiB', '$.gpuName', '$.shareMiB', '$.preemptible', '$.weight', '$.maxSlots',
          '$.cpus', '$.memoryMiB', '$.shmMiB'),
        '$.runtime', CASE
          WHEN spec ->> '$.runtime' = (SELECT config ->> '$.runtime' FROM experiment WHERE id = trial.experiment_id) THEN spec ->> '$.runtime'
          WHEN spec ->> '$.runtime' = CASE WHEN spec ->> '$.image' IS NULL THEN 'process' ELSE 'docker' END THEN NULL
          ELSE spec ->> '$.runtime' END,
        '$.ask', json_object('slots', spec -> '$.slots', 'minFreeMiB', spec -> '$.minFreeMiB',
          'gpuName', spec -> '$.gpuName', 'shareMiB', spec -> '$.shareMiB'),
        '$.terms', json_object('preemptible', spec -> '$.preemptible', 'weight', spec -> '$.weight', 'maxSlots', spec -> '$.maxSlots'),
        '$.limits', json_object('cpus', spec -> '$.cpus', 'memoryMiB', spec -> '$.memoryMiB', 'shmMiB', spec -> '$.shmMiB')
      );
    `);
  },
};
export default runtimeWish;
