/** The engine's own log: NDJSON in <data>/engine.log, secrets redacted, rotated at start when large. */
import { chmodSync, existsSync, renameSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import pino from 'pino';

const ROTATE_AT_BYTES = 10 * 1024 * 1024;

export interface EngineLog {
  info(text: string, facts?: object): void;
  warn(text: string, facts?: object): void;
  /** @returns an id to show to the user instead of the error */
  error(text: string, error?: unknown): string;
  flush(): void;
}

export function openEngineLog(file: string): EngineLog {
  if (existsSync(file) && statSync(file).size > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
  const destination = pino.destination({ dest: file, mode: 0o600, sync: true });
  // A full disk must not end the engine because its log cannot be written.
  destination.on('error', () => {
    /* nowhere to say it */
  });
  chmodSync(file, 0o600);
  const logger = pino(
    { base: null, redact: { paths: ['*.token', '*.env', '*.authorization', '*.cookie'], censor: '[redacted]' } },
    destination,
  );
  return {
    info: (text, facts) => {
      logger.info(facts ?? {}, text);
    },
    warn: (text, facts) => {
      logger.warn(facts ?? {}, text);
    },
    error(text, error) {
      const errorId = randomBytes(4).toString('hex');
      logger.error(
        {
          errorId,
          err: error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : error,
        },
        text,
      );
      return errorId;
    },
    flush: () => {
      destination.flushSync();
    },
  };
}
