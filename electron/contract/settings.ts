/** What the user can set for the whole engine. Unknown keys are refused. */
import { z } from '@hono/zod-openapi';
import { readUpdatePlace, UPDATES_OFF } from './update-place.ts';

export const Settings = z
  .object({
    notifyOnFinish: z.boolean(),
    notifyOnFailure: z.boolean(),
    notifyAfterS: z
      .number()
      .int()
      .min(0)
      .max(86_400)
      .openapi({ description: 'Only trials that ran at least this long.' }),
    keepAwake: z.boolean(),
    closeToTray: z.boolean(),
    startAtLogin: z.boolean(),
    windowUsesGpu: z.boolean().openapi({
      description: 'The desktop window draws with a GPU, and holds some of its memory. From its next start on.',
    }),
    updatesFrom: z
      .string()
      .max(2048)
      .superRefine((text, context) => {
        const place = readUpdatePlace(text);
        if (typeof place === 'string') context.addIssue({ code: 'custom', message: place });
      })
      .openapi({
        description:
          'Where the desktop app looks for new versions when it is asked to: off, the full path of a directory, or an https address.',
      }),
    afterReboot: z
      .enum(['continue', 'hold'])
      .openapi({ description: 'hold: pools are paused after a reboot until you resume them.' }),
    logCapMiB: z
      .number()
      .int()
      .min(1)
      .max(1_048_576)
      .openapi({ description: 'Per attempt; beyond it the middle of the log is dropped.' }),
    snapshotLimitMiB: z.number().int().min(1).max(1_048_576),
    minFreeDiskMiB: z.number().int().min(0).openapi({ description: 'Nothing is started while less is free.' }),
    keepWorkDays: z.number().int().min(0).max(36_500).openapi({
      description:
        'Working copies of ended trials that hold nothing but their snapshot are removed after so many days, sooner when the disk is nearly full.',
    }),
    keepCheckpoints: z.number().int().min(0).max(10_000).openapi({
      description:
        'So many of the newest checkpoints of a trial are kept, where its configuration says nothing (checkpoints.keep_last); 0 keeps all.',
    }),
    theme: z.enum(['system', 'light', 'dark']),
  })
  .strict()
  .openapi('Settings');
export type Settings = z.infer<typeof Settings>;

export const DEFAULT_SETTINGS: Settings = {
  notifyOnFinish: true,
  notifyOnFailure: true,
  notifyAfterS: 60,
  keepAwake: true,
  closeToTray: true,
  startAtLogin: false,
  windowUsesGpu: false,
  updatesFrom: UPDATES_OFF,
  afterReboot: 'continue',
  logCapMiB: 256,
  snapshotLimitMiB: 100,
  minFreeDiskMiB: 256,
  keepWorkDays: 1,
  keepCheckpoints: 0,
  theme: 'system',
};

export const DoctorCheck = z
  .object({
    id: z.string(),
    title: z.string(),
    status: z.enum(['ok', 'warning', 'error', 'info']),
    found: z.string(),
    remedy: z.string().nullable(),
  })
  .openapi('DoctorCheck');
export type DoctorCheck = z.infer<typeof DoctorCheck>;
