/**
 * SecretBox with a key file: AES-256-GCM, a random 96-bit nonce a text. Format: base64("v1" | nonce 12 | tag 16 | ciphertext).
 * The key is 32 random bytes in a file only the owner can read; it protects copies and backups of the database, not against the owner's own programs.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { SwitchyardError } from '../../electron/contract/errors.ts';
import type { SecretBox } from '../../electron/ports/secret-box.ts';

const VERSION = Buffer.from('v1');
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param file created with mode 0600 when it is not there. @throws Error when it exists with another length */
export function openKeyFileBox(file: string): SecretBox {
  const key = readOrCreateKey(file);
  return {
    seal(plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([VERSION, nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      if (!bytes.subarray(0, VERSION.length).equals(VERSION)) throw new Error('a stored secret has an unknown format');
      let at = VERSION.length;
      const nonce = bytes.subarray(at, (at += NONCE_BYTES));
      const tag = bytes.subarray(at, (at += TAG_BYTES));
      const decipher = createDecipheriv('aes-256-gcm', key, nonce);
      decipher.setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(bytes.subarray(at)), decipher.final()]).toString('utf8');
      } catch {
        throw new SwitchyardError(
          'secret_unreadable',
          'The environment variables cannot be read: secret.key in the data directory is not the one they were stored with.',
          { remedy: 'Put the old secret.key back, or submit again with the variables.' },
        );
      }
    },
  };
}

function readOrCreateKey(file: string): Buffer {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    key = randomBytes(KEY_BYTES);
    // Under its name only when it is whole: an end in between must not leave a key that stops every later start.
    const draft = `${file}.draft`;
    rmSync(draft, { force: true });
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeSync(fd, key);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
    syncDirectory(path.dirname(file));
  }
  if (key.length !== KEY_BYTES) {
    throw new SwitchyardError('forbidden', `${file} is damaged: it must hold ${KEY_BYTES} bytes.`, {
      remedy:
        'Put it back from a backup. Without one, delete it: the environment variables of trials that are ' +
        'already there are lost, and those trials must be submitted again.',
    });
  }
  return key;
}

/** What is acknowledged is sealed with this key: its name must outlast a power cut too. */
function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
