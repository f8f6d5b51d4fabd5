/** `switchyard completion`: prints a script for the shell. Verbs and flags come from the program itself. */
import type { Command } from 'commander';
import { createVerb, oneOf, show } from '../command-context.ts';
import type { BuildVerb, CommandContext } from '../command-context.ts';
import { bashScript, fishScript, zshScript } from '../completion-scripts.ts';
import type { CompletionVerb } from '../completion-scripts.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export const build: BuildVerb = (context) =>
  createVerb(
    'completion',
    'Print tab completion for your shell.',
    [
      'completion bash >> ~/.bashrc',
      'completion zsh > ~/.zfunc/_switchyard',
      'completion fish > ~/.config/fish/completions/switchyard.fish',
    ],
    context,
  )
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (word: string, flags: { json?: boolean }) => {
      const shell = oneOf(word, ['bash', 'zsh', 'fish'], 'completion');
      const verbs = await describeVerbs(context);
      show(context, flags.json, { verbs }, () => SCRIPTS[shell](verbs));
    });

async function describeVerbs(context: CommandContext): Promise<CompletionVerb[]> {
  return Promise.all(
    context.verbs.map(async (verb) => {
      const command = (await verb.load()).build(context);
      return {
        name: verb.name,
        summary: verb.summary,
        flags: flagsOf(command),
        words: command.commands.map((one) => one.name()),
      };
    }),
  );
}

function flagsOf(command: Command): string[] {
  const own = command.options.flatMap((option) => option.long ?? []);
  const inner = command.commands.flatMap((one) => one.options.flatMap((option) => option.long ?? []));
  return [...new Set([...own, ...inner, '--help'])];
}
