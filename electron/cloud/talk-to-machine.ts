/** How a machine elsewhere is talked to: its mailbox for as long as one question takes, its wishes, its newest word, its end. */
import type { PoolTarget } from '../contract/targets.ts';
import { MailboxError, type Mailbox } from '../ports/mailbox.ts';
import { ProviderError, type Provider } from '../ports/provider.ts';
import { Beat, ctlKey, ctlPrefix, readObject, readUpKey, upKeyAfter, upPrefix, type Verb } from './agent-protocol.ts';
import type { Intent } from './remote-journal.ts';

/** Made per use. @throws ProviderError */
export type OpenProvider = (target: PoolTarget) => Promise<Provider>;

/** @throws MailboxError, ProviderError */
export async function withMailbox<T>(
  openProvider: OpenProvider,
  intent: Intent,
  use: (mailbox: Mailbox, provider: Provider) => Promise<T>,
): Promise<T> {
  const provider = await openProvider(intent.target);
  try {
    const mailbox = await provider.mailbox(intent.request.choice.region);
    try {
      return await use(mailbox, provider);
    } finally {
      await mailbox.close();
    }
  } finally {
    await provider.close();
  }
}

/** Ends a machine for good, and removes what was in the mailbox for it. @throws MailboxError, ProviderError */
export async function endMachine(openProvider: OpenProvider, intent: Intent): Promise<void> {
  await withMailbox(openProvider, intent, async (mailbox, provider) => {
    await provider.terminate(intent.request);
    const { state } = await provider.observe(intent.request);
    if (state === 'pending' || state === 'running')
      throw new ProviderError('unknown', `The machine of ${intent.request.attemptId} did not end.`);
    await mailbox.remove(intent.request.prefix);
  });
}

/** @returns the number of the wish, which may have been told before. @throws MailboxError, ProviderError */
export async function putWish(openProvider: OpenProvider, intent: Intent, verb: Verb): Promise<number> {
  return withMailbox(openProvider, intent, async (mailbox) => {
    const { prefix } = intent.request;
    for (;;) {
      const { objects } = await mailbox.list(ctlPrefix(prefix));
      const last = objects.at(-1)?.key.slice(ctlPrefix(prefix).length) ?? '00000000-';
      const seq = Number(last.slice(0, 8));
      // Said already and nothing since: repeating it says nothing new.
      if (last.slice(9) === verb) return seq;
      if ((await mailbox.put(ctlKey(prefix, seq + 1, verb), new Uint8Array())) === 'stored') return seq + 1;
    }
  });
}

/** The newest beat after a place in the stream. */
export async function readBeats(
  mailbox: Mailbox,
  prefix: string,
  from: number,
): Promise<{ readonly seq: number; readonly beat: Beat | null; readonly hasEnded: boolean }> {
  let seq = from;
  let beatKey: string | null = null;
  let hasEnded = false;
  for (let more = true; more;) {
    const page = await mailbox.list(upPrefix(prefix), upKeyAfter(prefix, seq));
    ({ more } = page);
    for (const { key } of page.objects) {
      const word = readUpKey(key, prefix);
      if (word === null) continue;
      ({ seq } = word);
      if (word.kind === 'hb') beatKey = key;
      hasEnded ||= word.kind === 'end';
    }
  }
  // One that cannot be read is as none: the next one tells.
  const beat = beatKey === null ? null : readObject(Beat, await mailbox.read(beatKey)).said;
  return { seq, beat, hasEnded };
}

/** It cannot be reached now, and may be later. */
export function isPassing(error: unknown): boolean {
  return (
    (error instanceof MailboxError && error.code === 'network') ||
    (error instanceof ProviderError && (error.code === 'network' || error.code === 'throttled'))
  );
}

/** Settles after the time, or when told to stop. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done);
  });
}
