/**
 * The experiment configuration: what a user writes as YAML or the CLI assembles from flags.
 * Field names follow Determined's where the meaning is the same. Unknown keys are refused
 * (electron/experiments/config.ts adds the nearest known key to the message).
 */
import { z } from '@hono/zod-openapi';
import { After } from './trials.ts';
import { DEFAULT_GRACE_S, DEFAULT_MAX_RESTARTS, NamedRuntime, PoolId, Priority } from './states.ts';

/** Sizes are kept as MiB after parsing; text such as "20 GiB" or "8g" is accepted by the parser. */
export const MemoryText = z.string().max(40).openapi({ example: '20 GiB' });

export const Mount = z
  .object({
    host_path: z.string().max(4096).regex(/^\//, 'host_path must be absolute'),
    container_path: z.string().max(4096).regex(/^\//, 'container_path must be absolute'),
    read_only: z.boolean().default(true),
  })
  .strict()
  .openapi('Mount');
export type Mount = z.infer<typeof Mount>;

/** What of an image can stay as it is in a container, where Switchyard otherwise puts its own. */
const OfImage = z.enum(['image']).optional();

/** With Determined's names and meanings; which of them a searcher takes is judged by experiments/searchers/searcher-config.ts. */
export const Searcher = z
  .object({
    name: z.enum(['single', 'grid', 'random', 'async_halving', 'adaptive_asha']),
    metric: z.string().max(500).openapi({ description: 'The metric that decides, as trials report it.' }),
    smaller_is_better: z.boolean().optional().openapi({ description: 'Default true.' }),
    max_trials: z.number().optional(),
    max_concurrent_trials: z.number().optional().openapi({ description: 'Default 16; 0: as many as there are.' }),
    time_metric: z.string().max(500).optional().openapi({
      description: 'The metric in which time is counted; where a report does not have it, its step counts.',
    }),
    max_time: z.number().optional().openapi({ description: 'Of the time metric: how long the longest trial runs.' }),
    divisor: z.number().optional().openapi({ description: 'One in so many goes on from a rung. Default 4.' }),
    num_rungs: z.number().optional(),
    max_rungs: z.number().optional().openapi({ description: 'Default 5.' }),
    mode: z.enum(['aggressive', 'standard', 'conservative']).optional(),
    bracket_rungs: z.array(z.number()).max(100).optional(),
  })
  .strict()
  .openapi('Searcher');

export const ExperimentConfig = z
  .object({
    name: z.string().trim().min(1).max(200).optional(),
    description: z.string().max(10_000).optional(),
    labels: z.array(z.string().trim().min(1).max(80)).max(50).default([]),
    entrypoint: z.union([z.string().min(1).max(65_536), z.array(z.string().max(65_536)).max(1_000)]).openapi({
      description:
        'A string runs through sh -c, a list is an argument vector. It may be empty where the image brings its own command.',
    }),
    runtime: NamedRuntime.optional().openapi({ description: 'docker where an engine answers, else process.' }),
    environment: z
      .object({
        image: z.string().max(500).optional(),
        entrypoint: OfImage.openapi({
          description: "image: the image's ENTRYPOINT stays and gets the command as arguments (without any: its CMD).",
        }),
        user: OfImage.openapi({
          description: "image: runs as the image's USER, who must be able to read the trial's files.",
        }),
        workdir: OfImage.openapi({
          description: "image: begins in the image's WORKDIR; the code is at SWITCHYARD_WORK_DIR.",
        }),
        environment_variables: z.record(z.string().max(200), z.string().max(65_536)).default({}),
      })
      .strict()
      .default({ environment_variables: {} }),
    resources: z
      .object({
        slots: z
          .number()
          .int('slots must be a whole number')
          .min(0, 'slots must be 0 or more')
          .max(64)
          .optional()
          .openapi({ description: 'GPUs (or MIG instances). Default: 1 where the machine has a GPU, else 0.' }),
        min_gpu_memory: MemoryText.optional().openapi({ description: 'Least free GPU memory on every slot.' }),
        gpu_name: z
          .string()
          .max(120)
          .optional()
          .openapi({ description: 'Pattern for the GPU name, * and ? as wildcards.' }),
        share: MemoryText.optional().openapi({
          description: 'Take only this much memory and share the GPU; default is exclusive.',
        }),
        pool: PoolId.optional(),
        priority: Priority.optional(),
        weight: z.number().positive('weight must be greater than 0').max(1_000_000).default(1),
        max_slots: z
          .number()
          .int()
          .min(1)
          .optional()
          .openapi({ description: 'Cap on slots all trials of this experiment hold together.' }),
        preemptible: z.boolean().default(true),
        cpus: z.number().positive().max(4096).optional(),
        memory: MemoryText.optional(),
        shm_size: MemoryText.optional().openapi({ description: 'Default 8 GiB, capped by memory.' }),
        estimated_minutes: z.number().positive().max(1_000_000).optional(),
      })
      .strict()
      .default({ weight: 1, preemptible: true }),
    mounts: z.array(Mount).max(50).default([]),
    links: z
      .array(z.string().min(1).max(4096))
      .max(50)
      .default([])
      .openapi({
        description:
          'Files and directories of the original that the working copy shows instead of holding a copy: relative to the submitted ' +
          'directory, or absolute; read-only, unless ":rw" stands at the end.',
        example: ['data', '/mnt/datasets/imagenet', 'runs:rw'],
      }),
    hyperparameters: z.record(z.string(), z.unknown()).default({}).openapi({
      description:
        'Values; with a searcher also ranges: {type: int|double|log|categorical|const, ...}, nested at will.',
    }),
    set_params: z
      .array(z.string().min(1).max(10_000))
      .max(1_000)
      .default([])
      .openapi({
        description:
          'Changes as -S takes them: "params.yaml:train.lr=0.1" changes the file in the working copy; without a file the one of the ' +
          'two that has the key, hyperparameters or params.yaml. Several values (lr=0.1,0.01 or seed=range(3)) make a sweep.',
        example: ['params.yaml:train.lr=0.1', 'lr=0.1,0.01'],
      }),
    searcher: Searcher.optional(),
    reproducibility: z
      .object({ experiment_seed: z.number().int().min(0).max(4_294_967_295).optional() })
      .strict()
      .optional()
      .openapi({ description: 'The same seed draws the same trials.' }),
    max_restarts: z.number().int().min(0).max(1_000).default(DEFAULT_MAX_RESTARTS),
    checkpoints: z
      .object({
        keep_last: z
          .number()
          .int('keep_last must be a whole number')
          .min(1, 'keep_last must be 1 or more')
          .max(10_000)
          .optional()
          .openapi({
            description:
              'Older checkpoints are removed when a new one is complete. Default: the setting keepCheckpoints, which keeps all.',
          }),
      })
      .strict()
      .optional(),
    grace_period_s: z
      .number()
      .min(0)
      .max(86_400)
      .default(DEFAULT_GRACE_S)
      .openapi({ description: 'Seconds between SIGTERM and SIGKILL.' }),
    time_limit_s: z
      .number()
      .positive()
      .max(100_000_000)
      .optional()
      .openapi({ description: 'Seconds one attempt may run.' }),
  })
  .strict()
  .openapi('ExperimentConfig');
export type ExperimentConfig = z.infer<typeof ExperimentConfig>;
export type ExperimentConfigInput = z.input<typeof ExperimentConfig>;

/** What to freeze and run. `directory` is on the engine's machine. */
export const SubmitSource = z
  .union([
    z.object({ kind: z.literal('directory'), path: z.string().min(1).max(4096) }).strict(),
    z.object({ kind: z.literal('in_place'), path: z.string().min(1).max(4096) }).strict(),
    z.object({ kind: z.literal('none') }).strict(),
  ])
  .openapi('SubmitSource', {
    description: 'directory: a frozen copy of it; in_place: the directory itself, no copy; none: an empty directory.',
  });

const SHELL_VARIABLES_CHARS = 1_000_000;
/** Values may be secrets: no message repeats them. */
const ShellVariables = z
  .record(
    z.string().regex(/^(?!SWITCHYARD_)[A-Za-z_]\w{0,199}$/, 'is not the name of a variable that can be taken over'),
    z.string().regex(/^[^\0]*$/, 'has a NUL character, which no environment can carry'),
  )
  .refine((variables) => JSON.stringify(variables).length <= SHELL_VARIABLES_CHARS, 'is larger than any environment');

export const SubmitBody = z
  .object({
    config: z
      .record(z.string(), z.unknown())
      .openapi({ description: 'An ExperimentConfig; validated with messages that name the nearest known key.' }),
    source: SubmitSource,
    idempotencyKey: z
      .string()
      .min(8)
      .max(120)
      .optional()
      .openapi({ description: 'A repeated submit with the same key returns the first answer.' }),
    paused: z.boolean().default(false).openapi({ description: 'Submit without letting it start.' }),
    shellEnvironment: ShellVariables.optional().openapi({
      description:
        "The environment of the shell that submits. A process gets it in place of the engine's own, a container the " +
        'variables of machine-learning tools; what the configuration sets wins. Stored encrypted; values are never shown.',
    }),
    after: After.default([]).openapi({ description: 'It starts only after these.' }),
    allowTrials: z
      .number()
      .int()
      .min(1)
      .optional()
      .openapi({ description: 'Needed for more trials than 200: that so many are meant.' }),
  })
  .strict()
  .openapi('Submit');
export type SubmitBody = z.infer<typeof SubmitBody>;
export type SubmitBodyInput = z.input<typeof SubmitBody>;

export const SubmitResult = z
  .object({
    experimentId: z.number().int(),
    trialIds: z.array(z.number().int()),
    name: z.string().openapi({ description: 'What it is called now.' }),
    notes: z
      .array(z.string())
      .openapi({ description: 'What the engine decided on its own, for example the runtime or the slots.' }),
  })
  .openapi('SubmitResult');
export type SubmitResult = z.infer<typeof SubmitResult>;
