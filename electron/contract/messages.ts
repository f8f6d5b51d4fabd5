/** Messages out: where the engine says that a trial is done or failed, besides its own screens. Addresses and tokens go in and never come out. */
import { z } from '@hono/zod-openapi';
import { TimestampMs } from './states.ts';

export const ChannelName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'a name is a lower-case letter, then letters, digits, "-" and "_", at most 40')
  .openapi('ChannelName', { example: 'phone' });

const httpAddress = z
  .string()
  .max(2_000)
  .regex(/^https?:\/\/[^\s/@?#]+(?:[/?#]\S*)?$/, 'an address begins with https:// or http:// and has no user in it')
  .refine((text) => URL.canParse(text), 'is no address');

/** Where a channel leads to. */
export const ChannelTarget = z
  .discriminatedUnion('kind', [
    z
      .object({
        kind: z.literal('command'),
        command: z
          .string()
          .trim()
          .min(1)
          .max(4_000)
          .openapi({
            description:
              'A line for sh. The message is JSON on its standard input, and in SWITCHYARD_EVENT, SWITCHYARD_TRIAL_ID, ' +
              'SWITCHYARD_TRIAL_NAME, SWITCHYARD_TITLE and SWITCHYARD_TEXT.',
          }),
      })
      .strict(),
    z
      .object({ kind: z.literal('webhook'), url: httpAddress.openapi({ description: 'Gets the message as JSON.' }) })
      .strict(),
    z
      .object({
        kind: z.literal('ntfy'),
        url: httpAddress
          .regex(
            /^https?:\/\/[^/?#]+(?:\/[^/?#]+)*\/[-\w]{1,64}$/,
            'an ntfy address ends in its topic: https://ntfy.example/my-topic',
          )
          .openapi({ description: 'The server with the topic.' }),
        token: z
          .string()
          .regex(/^[\x21-\x7e]{1,400}$/)
          .optional(),
      })
      .strict(),
    z
      .object({
        kind: z.literal('mail'),
        to: z
          .string()
          .max(254)
          .regex(/^[A-Za-z0-9_][^\s<>,;:"@()[\]\\]*(?:@[A-Za-z0-9.-]+)?$/, 'one address, such as me@example.org')
          .openapi({ description: "One address; sent by this machine's sendmail." }),
      })
      .strict(),
  ])
  .openapi('ChannelTarget');
export type ChannelTarget = z.infer<typeof ChannelTarget>;

export const ChannelEvents = z.enum(['done', 'failed', 'asked']).openapi({
  description: 'done: completed or failed; failed: only that; asked: only of trials that name this channel.',
});
export type ChannelEvents = z.infer<typeof ChannelEvents>;

export const ChannelBody = z
  .object({
    target: ChannelTarget,
    events: ChannelEvents.default('done'),
    leastRanS: z.number().int().min(0).max(86_400).default(0).openapi({
      description: 'Only of trials that ran at least so many seconds, unless they name this channel.',
    }),
  })
  .strict()
  .openapi('ChannelBody');
export type ChannelBody = z.infer<typeof ChannelBody>;

export const Channel = z
  .object({
    name: ChannelName,
    kind: z.enum(['command', 'webhook', 'ntfy', 'mail']),
    shown: z.string().openapi({ description: 'Where it leads to, without anything secret.' }),
    events: ChannelEvents,
    leastRanS: z.number().int(),
    waiting: z.number().int().openapi({ description: 'Messages that are not sent yet.' }),
    lastSentAtMs: TimestampMs.nullable(),
    lastError: z
      .object({ atMs: TimestampMs, message: z.string() })
      .nullable()
      .openapi({ description: 'Why the last message was not sent; null = it was.' }),
  })
  .openapi('Channel');
export type Channel = z.infer<typeof Channel>;

/** Which channels a trial tells of its end. */
export const TrialMessages = z
  .object({
    channels: z.array(ChannelName).max(20).nullable().openapi({
      description: 'null: those whose events say so; []: none; else these, whatever their events say.',
    }),
  })
  .strict()
  .openapi('TrialMessages');
export type TrialMessages = z.infer<typeof TrialMessages>;

export const MessageTest = z
  .object({ ok: z.boolean(), detail: z.string(), remedy: z.string().nullable() })
  .openapi('MessageTest');
export type MessageTest = z.infer<typeof MessageTest>;
