/** `switchyard serve`: the headless entry in the foreground. Its flags are its own. */
import { loadEngineModule } from '../../client/engine-program.ts';
import type * as Serve from '../../serve.ts';
import { createVerb } from '../command-context.ts';
import type { BuildVerb } from '../command-context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';

export const build: BuildVerb = (context) =>
  createVerb(
    'serve',
    'Run the engine in the foreground and serve its user interface to a browser.',
    ['serve --port 7717'],
    context,
  )
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_flags: unknown, command: { readonly args: readonly string[]; opts(): { json?: boolean } }) => {
      const { serve } = await loadEngineModule<typeof Serve>('serve');
      const argv = [...command.args, ...(command.opts().json === true ? ['--json'] : [])];
      const exitCode = await serve(argv, { env: context.terminal.env });
      if (exitCode !== 0)
        throw new CliError(
          exitCode === 2 ? ExitCode.usage : ExitCode.failed,
          exitCode === 2 ? 'serve did not start: see above.' : 'The engine ended with an error: see above.',
        );
    });
