/** The mailbox in a directory of this machine: what every mailbox must do. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe } from 'vitest';
import { createDirectoryMailbox } from '../../native/mailbox/directory-mailbox.ts';
import { mailboxConforms } from './suites/mailbox.ts';

describe('a mailbox in a directory', () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'switchyard-box-'));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });
  mailboxConforms(() => Promise.resolve(createDirectoryMailbox(root)), 'at once');
});
