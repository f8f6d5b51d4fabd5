import type { Migration } from '../migration.ts';

/** Pools, experiments, trials, attempts, leases, metrics, checkpoints, the event log, undo and garbage. */
const initial: Migration = {
  version: 1,
  name: 'initial',
  up(db) {
    db.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

    CREATE TABLE pool (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      is_default INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open', 'paused', 'draining')),
      gpu_uuids TEXT NOT NULL,
      settings TEXT NOT NULL,
      revision INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE slot_setting (uuid TEXT PRIMARY KEY, kept_back INTEGER NOT NULL) STRICT;

    CREATE TABLE experiment (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      config TEXT NOT NULL,
      sealed_env TEXT,
      source_dir TEXT,
      snapshot TEXT,
      idempotency_key TEXT UNIQUE,
      created_at_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE trial (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      experiment_id INTEGER NOT NULL REFERENCES experiment(id),
      name TEXT NOT NULL,
      labels TEXT NOT NULL,
      pool_id TEXT NOT NULL REFERENCES pool(id),
      state TEXT NOT NULL CHECK (state IN ('queued', 'starting', 'running', 'stopping', 'paused', 'done')),
      revision INTEGER NOT NULL,
      priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 99),
      rank TEXT NOT NULL,
      spec TEXT NOT NULL,
      estimate_key TEXT NOT NULL,
      hparams TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      restarts INTEGER NOT NULL,
      not_before_ms INTEGER,
      frozen INTEGER NOT NULL,
      stop_kind TEXT,
      stop_asked_at_ms INTEGER,
      kill_at_ms INTEGER,
      progress REAL,
      step REAL,
      outcome TEXT,
      submitted_at_ms INTEGER NOT NULL,
      started_at_ms INTEGER,
      ended_at_ms INTEGER,
      archived INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX trial_line ON trial (pool_id, priority, rank) WHERE state IN ('queued', 'paused');
    CREATE INDEX trial_rank ON trial (pool_id, rank);
    CREATE INDEX trial_live ON trial (state) WHERE state <> 'done';
    CREATE INDEX trial_done ON trial (archived, ended_at_ms) WHERE state = 'done';
    CREATE INDEX trial_estimate ON trial (estimate_key, ended_at_ms) WHERE state = 'done';
    CREATE INDEX trial_experiment ON trial (experiment_id);

    CREATE TABLE attempt (
      trial_id INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      key TEXT NOT NULL UNIQUE,
      runtime TEXT NOT NULL,
      ref TEXT,
      slots TEXT NOT NULL,
      token_hash TEXT NOT NULL,
      created_at_ms INTEGER NOT NULL,
      started_at_ms INTEGER,
      ended_at_ms INTEGER,
      exit_code INTEGER,
      end_kind TEXT,
      message TEXT,
      report_offset INTEGER NOT NULL,
      progress_at_start REAL NOT NULL,
      PRIMARY KEY (trial_id, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE lease (
      slot_uuid TEXT NOT NULL,
      trial_id INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE,
      share_mib REAL,
      since_ms INTEGER NOT NULL,
      PRIMARY KEY (slot_uuid, trial_id)
    ) STRICT, WITHOUT ROWID;
    -- The last line of defence: two exclusive leases on one slot cannot be written.
    CREATE UNIQUE INDEX lease_exclusive ON lease (slot_uuid) WHERE share_mib IS NULL;
    CREATE INDEX lease_trial ON lease (trial_id);

    CREATE TABLE metric (
      trial_id INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      step REAL NOT NULL,
      value REAL NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (trial_id, name, step)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoint (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      trial_id INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      path TEXT NOT NULL,
      step REAL,
      saved_at_ms INTEGER NOT NULL,
      size_bytes INTEGER,
      metrics TEXT NOT NULL,
      UNIQUE (trial_id, path)
    ) STRICT;

    CREATE TABLE event (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      type TEXT NOT NULL,
      trial_id INTEGER,
      pool_id TEXT,
      text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX event_trial ON event (trial_id, seq);

    CREATE TABLE undo (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      kind TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;

    -- What still has to be removed from the machine after its rows are gone; worked off after the commit and again at every start.
    CREATE TABLE garbage (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('attempt', 'directory', 'snapshot')),
      data TEXT NOT NULL
    ) STRICT;
  `);
  },
};
export default initial;
