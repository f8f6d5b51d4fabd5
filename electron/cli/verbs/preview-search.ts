/** `switchyard preview-search` */
import path from 'node:path';
import { createVerb, show } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';
import { readTextFile } from '../read-text-file.ts';
import { formatTable } from '../table.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'preview-search',
    'What the searcher of a configuration will make: how many trials, and how long each runs at most. Reads "searcher" and\n' +
      '"hyperparameters" with the names and meanings of Determined; needs no engine and submits nothing.',
    ['preview-search adaptive.yaml', 'preview-search adaptive.yaml --json'],
    context,
  )
    .argument('<file>', 'configuration in YAML')
    .action(async (file: string, flags: { json?: boolean }) => {
      const { readConfigYaml } = await import('../../experiments/config/parse-config.ts');
      const { previewSearch } = await import('../../experiments/searchers/preview.ts');
      const { readSearcher } = await import('../../experiments/searchers/searcher-config.ts');
      const { readHyperparameter, SpaceFault } = await import('../../experiments/searchers/hyperparameters.ts');
      const { input } = readConfigYaml(readTextFile(path.resolve(context.terminal.cwd, file)));
      let preview;
      try {
        preview = previewSearch({
          config: readSearcher(input['searcher']),
          space: readHyperparameter(input['hyperparameters'] ?? {}, ''),
        });
      } catch (error) {
        if (error instanceof SpaceFault) throw usageError(`${file}: ${error.message}.`);
        throw error;
      }
      const { trials, plan } = preview;
      const count = `${trials.toLocaleString('en-US')} ${trials === 1 ? 'trial' : 'trials'}`;
      show(context, flags.json, preview, () =>
        plan === null
          ? `${count}, each to its own end.`
          : [
              `${count}. Where every rung keeps only as many as it must:`,
              ...formatTable(
                [
                  { title: 'TRIALS', align: 'right' },
                  { title: 'RUN FOR', align: 'right' },
                ],
                plan.map((rung) => [String(rung.trials), rung.units.toLocaleString('en-US')]),
                context.terminal.width,
              ),
            ],
      );
    });
