import type { Migration } from '../migration.ts';

/** Messages out: where they go, those that are not sent yet, and which channels a trial names. */
const messages: Migration = {
  version: 10,
  name: 'messages',
  up(db) {
    db.exec(`
      CREATE TABLE message_channel (
        name TEXT PRIMARY KEY, kind TEXT NOT NULL, sealed TEXT NOT NULL, shown TEXT NOT NULL, events TEXT NOT NULL,
        least_ran_s INTEGER NOT NULL, last_sent_at_ms INTEGER, last_error TEXT, last_error_at_ms INTEGER
      );
      CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, payload TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0, not_before_ms INTEGER NOT NULL DEFAULT 0
      );
      CREATE INDEX message_channel_line ON message (channel, id);
      ALTER TABLE trial ADD COLUMN message_channels TEXT;
    `);
  },
};
export default messages;
