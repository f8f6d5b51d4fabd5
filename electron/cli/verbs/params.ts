/** `switchyard params` */
import path from 'node:path';
import { collect, createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';
import { readTextFile } from '../read-text-file.ts';

const DESCRIPTION = `What -S makes of a parameter file (YAML, JSON, TOML or Python): prints the changed file, of several each under its name.
With a sweep it lists the variants. Nothing is written and no engine is needed; comments, order and layout stay as they are.

The grammar is DVC's:
  lr=0.1            change what is there          +lr=0.1   add       ++lr=0.1  change or add
  model.layers.0=64 a part of it, dots between    ~lr       delete
  opt={name: adam, betas: [0.9, 0.99]}            mappings are merged, lists replaced
  name='10'         quotes make a text; \\, \\= \\{ stand for themselves
  lr=0.1,0.2        a sweep; also range(0,10,2), choice(a,b), sort(), shuffle(), int(), float(), str(), bool()
  params.json:lr=1  another file`;

interface Flags {
  readonly json?: boolean;
  readonly setParam: readonly string[];
}

export const build: BuildVerb = (context) =>
  createVerb(
    'params',
    DESCRIPTION,
    [
      'params params.yaml -S train.lr=0.01',
      'params -S lr=0.1,0.01 -S seed=range(3)',
      'params conf.toml -S lr=0.1 > new.toml',
    ],
    context,
  )
    .argument('[file]', 'for every -S that names no file; default: params.yaml')
    .option('-S, --set-param <override>', 'what to change, see above (repeatable)', collect, [])
    .action(async (file: string | undefined, flags: Flags) => {
      const { previewParameters } = await import('../../experiments/parameters/preview.ts');
      const { DEFAULT_FILE } = await import('../../experiments/parameters/split-files.ts');
      const { OverrideError } = await import('../../experiments/parameters/override.ts');
      const { FileFault } = await import('../../experiments/parameters/files/format.ts');
      if (flags.setParam.length === 0)
        throw usageError('Nothing is to change.', 'Say what with -S, for example -S lr=0.1.');
      const { cwd } = context.terminal;
      let variants;
      try {
        variants = previewParameters(
          flags.setParam,
          file ?? DEFAULT_FILE,
          (name) =>
            // A file that is not there yet is made by +key=value; one that was named on purpose should be there.
            readTextFile(path.resolve(cwd, name), name === file ? undefined : ''),
          Math.random,
        );
      } catch (error) {
        if (error instanceof OverrideError) throw usageError(describeFault(error));
        if (error instanceof FileFault) throw usageError(`${error.message}.`);
        throw error;
      }
      const [only, ...more] = variants;
      if (flags.json === true || only === undefined || more.length > 0) {
        show(context, flags.json, { variants }, () =>
          variants.map(
            ({ overrides }, index) =>
              `${String(index + 1).padStart(String(variants.length).length)}  ${describe(overrides)}`,
          ),
        );
        return;
      }
      const files = Object.entries(only.files);
      for (const [name, { text }] of files)
        await context.terminal.write(Buffer.from(files.length === 1 ? text : `==> ${name} <==\n${text}\n`));
    });

function describeFault({
  override,
  message,
  at,
}: {
  readonly override: string;
  readonly message: string;
  readonly at: number | null;
}): string {
  if (at === null) return `${override}: ${message}.`;
  // The place is shown below the override, where it fits on a line.
  const place = override.length <= 100 && !/[^\x20-\x7E]/.test(override) ? `\n  ${override}\n  ${' '.repeat(at)}^` : '';
  return `${message[0]?.toUpperCase()}${message.slice(1)} (character ${at + 1} of "${override.slice(0, 100)}").${place}`;
}

const describe = (overrides: Readonly<Record<string, readonly string[]>>): string => {
  const files = Object.entries(overrides);
  return files
    .flatMap(([file, texts]) => texts.map((text) => (files.length === 1 ? text : `${file}:${text}`)))
    .join('  ');
};
