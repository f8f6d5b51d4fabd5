/** What a submit form asks before the submit: directories, environments, and what the engine would say to it. */
import { z } from '@hono/zod-openapi';
import { Problem } from './errors.ts';
import { SearchPreview } from './experiments.ts';

export const PythonEnvironment = z
  .object({
    kind: z.enum(['venv', 'conda']),
    name: z.string().openapi({ example: '.venv' }),
    path: z.string().openapi({ description: 'Its directory.' }),
    pythonVersion: z.string().nullable().openapi({ example: '3.11.4', description: 'null = not known.' }),
    isOfDirectory: z.boolean().openapi({ description: 'It lies in the directory that was asked about.' }),
    variables: z.record(z.string(), z.string()).openapi({
      description: 'What activating it sets: to be put into environment.environment_variables of a process trial.',
    }),
  })
  .openapi('PythonEnvironment');
export type PythonEnvironment = z.infer<typeof PythonEnvironment>;

export const DirectoryCompletion = z
  .object({
    directory: z.string().openapi({ description: 'The directory that was looked into; absolute.' }),
    directories: z
      .array(z.object({ name: z.string(), path: z.string() }))
      .openapi({ description: 'Those in it whose name goes on as typed, by name; absolute paths.' }),
    more: z.boolean().openapi({ description: 'There are, or may be, more than these.' }),
  })
  .openapi('DirectoryCompletion');
export type DirectoryCompletion = z.infer<typeof DirectoryCompletion>;

export const SubmitCheck = z
  .object({
    problem: Problem.nullable().openapi({
      description: 'What a submit of this would be refused with; null = nothing.',
    }),
    notes: z.array(z.string()).openapi({ description: 'What the engine would decide on its own.' }),
    preview: SearchPreview.nullable().openapi({
      description: 'What a sweep or search would make; null = it is one trial.',
    }),
  })
  .openapi('SubmitCheck');
export type SubmitCheck = z.infer<typeof SubmitCheck>;

export const RecentSubmits = z
  .object({
    directories: z.array(z.string()).openapi({ description: 'Submitted directories, latest first.' }),
    labels: z.array(z.string()).openapi({ description: 'Labels of the latest trials, latest first.' }),
  })
  .openapi('RecentSubmits');
export type RecentSubmits = z.infer<typeof RecentSubmits>;
