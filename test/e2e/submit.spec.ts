/** New experiment: what is wrong is said in the engine's words, at its field, and nothing that was typed is lost. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_MAX_RESTARTS } from '../../electron/contract/states.ts';
import { expect, test } from './app.ts';
import { REFUSED_REQUEST } from './support/faults.ts';

test.use({ machine: { gpus: [{}] } });

test('refusals name the fault and keep everything that was typed', async ({
  app: { screen, engine, project, tolerate },
}) => {
  tolerate(REFUSED_REQUEST);
  const { dialog } = screen;
  const submit = dialog.getByRole('button', { name: 'Submit' });
  await screen.openSubmit();
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText('Say which command to run.');

  await screen.fillSubmit({
    directory: path.join(project, 'nowhere'),
    command: './train.sh --lr 0.1',
    name: 'typed with care',
    env: 'A=1\nSTEPS=2',
  });
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText(/nowhere/);
  await dialog.getByLabel('Directory', { exact: true }).fill(project);
  await dialog.getByLabel('Slots (GPUs)').fill('3');
  await submit.click();
  // Three slots where there is one: what exists is said.
  await expect(dialog.getByRole('alert')).toContainText(/3.*1|1.*3/);
  await expect(dialog.getByLabel('Slots (GPUs)')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Slots (GPUs)').fill('1');
  await dialog.getByLabel('Least GPU memory').fill('20 bananas');
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText(/bananas/);
  await dialog.getByLabel('Least GPU memory').fill('2 GiB');
  await dialog.getByLabel('Environment').fill('A=1\nno equals sign');
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText('NAME=value');
  await dialog.getByLabel('Environment').fill('A=1\nSTEPS=2');

  await expect(dialog.getByLabel('Command', { exact: true })).toHaveValue('./train.sh --lr 0.1');
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('typed with care');
  expect((await engine.api.trials()).length, 'nothing was queued so far').toBe(0);
  await submit.click();
  await expect(dialog).toBeHidden();
  await expect(screen.row(1)).toHaveClass(/row-finished/);
  await expect(screen.row(1)).toContainText('completed');
  expect((await engine.api.trials()).length).toBe(1);
});

test('what a field is when it is left empty is true, and what was left out of the copy can be read to its end', async ({
  app: { screen, project },
}) => {
  mkdirSync(path.join(project, 'data'));
  mkdirSync(path.join(project, 'logs-of-former-runs'));
  for (const dir of ['data', 'logs-of-former-runs']) writeFileSync(path.join(project, dir, 'left-out.bin'), 'x');
  writeFileSync(path.join(project, '.gitignore'), 'data/\nlogs-of-former-runs/\n');
  const { dialog } = screen;
  await screen.openSubmit();
  await expect(dialog.getByLabel('Restarts after a failure')).toHaveAttribute(
    'placeholder',
    String(DEFAULT_MAX_RESTARTS),
  );
  await screen.fillSubmit({ directory: project, command: './train.sh --lr {lr}' });
  await dialog.getByRole('button', { name: 'Submit' }).click();
  const toast = screen.toast('Queued as #1');
  await expect(toast).toContainText('Left out by rule');
  await expect
    .poll(() =>
      toast.evaluate(
        (root: { readonly scrollHeight: number; readonly clientHeight: number }) =>
          root.scrollHeight - root.clientHeight,
      ),
    )
    .toBeLessThanOrEqual(0);
});

test('a pasted configuration: bad YAML, an unknown key with the near one, then it runs', async ({
  app: { screen, page, tolerate },
}) => {
  tolerate(REFUSED_REQUEST);
  const { dialog } = screen;
  const submit = dialog.getByRole('button', { name: 'Submit' });
  await screen.openSubmit();
  await dialog.getByText('Paste a configuration').click();
  const yaml = dialog.getByLabel('Configuration (YAML)');
  await yaml.fill('name: [unclosed');
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText('not valid YAML');
  await yaml.fill('name: pasted\nentrypont: echo hello from yaml\nresources:\n  slots: 0\n');
  await submit.click();
  await expect(dialog.getByRole('alert')).toContainText('entrypont');
  await expect(dialog.getByRole('alert')).toContainText('entrypoint');
  await expect(yaml).toHaveValue(/entrypont/);
  await yaml.fill('name: pasted\nentrypoint: echo hello from yaml\nresources:\n  slots: 0\n');
  await submit.click();
  await expect(screen.log).toContainText('hello from yaml');
  await screen.tab('Configuration').click();
  await expect(page.getByLabel('Configuration as YAML')).toContainText('name: pasted');
});

test('a directory over the limit: the largest files are named', async ({
  app: { screen, engine, project, tolerate },
}) => {
  tolerate(REFUSED_REQUEST);
  mkdirSync(path.join(project, 'data'));
  writeFileSync(path.join(project, 'data', 'weights.bin'), Buffer.alloc(3 * 1024 * 1024));
  await engine.api.call('PATCH', '/settings', { snapshotLimitMiB: 2 });
  await screen.openSubmit();
  await screen.fillSubmit({ directory: project, command: './train.sh' });
  await screen.dialog.getByRole('button', { name: 'Submit' }).click();
  await expect(screen.dialog.getByRole('alert')).toContainText('data/weights.bin');
});

test('a program that fails: the verdict says how and what to do, retry runs it again', async ({ app: { screen } }) => {
  const id = await screen.submit({ command: 'echo before the end; no-such-program-anywhere', slots: 0 });
  await expect(screen.row(id)).toContainText('failed');
  await expect(screen.log).toContainText('before the end');
  await expect(screen.inspector.locator('.verdict')).toContainText(/127|not found/);
  await screen.inspector.getByRole('button', { name: 'Retry' }).click();
  await expect(screen.inspector).toContainText('attempt 2');
  await expect(screen.row(id)).toContainText('failed');
});

test('the form knows the directory: its path completes, its environment is taken, a script that is not there is told before the submit', async ({
  app: { screen, page, engine, project },
}) => {
  // What an environment looks like; its python says that it was the one.
  const bin = path.join(project, '.venv', 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(project, '.venv', 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.11.4\n');
  writeFileSync(path.join(bin, 'python'), '#!/bin/sh\necho ran by the environment\n', { mode: 0o755 });
  writeFileSync(path.join(project, 'train.py'), 'print("hello")\n');
  const { dialog } = screen;
  await screen.openSubmit();
  const directory = dialog.getByRole('combobox', { name: 'Directory' });
  await directory.fill(project.slice(0, -2));
  await page.getByRole('option', { name: project, exact: true }).click();
  await expect(directory).toHaveValue(project);
  await expect(dialog.getByLabel('Python')).toHaveValue(path.join(project, '.venv'));
  await expect(dialog.getByLabel('Python').locator('option').first()).toHaveText('.venv of the directory, 3.11.4');

  await dialog.getByLabel('Command', { exact: true }).fill('python tarin.py');
  await dialog.getByLabel('Name', { exact: true }).fill('in its environment');
  await expect(dialog.getByRole('status')).toContainText('train.py');
  await dialog.getByLabel('Command', { exact: true }).fill('python train.py');
  await dialog.getByRole('combobox', { name: 'Labels' }).fill('baseline');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Slots (GPUs)').fill('0');
  await dialog.getByLabel('Restarts after a failure').fill('0');
  await dialog.getByLabel('Run in the directory itself, without a copy').check();
  await expect(dialog.getByRole('status')).not.toContainText('tarin');
  await dialog.getByRole('button', { name: 'Submit' }).click();
  await expect(dialog).toBeHidden();
  await expect(screen.log).toContainText('ran by the environment');
  const { trial, workDir } = await engine.api.trial(1);
  expect(trial).toMatchObject({ labels: ['baseline'], maxRestarts: 0 });
  expect(workDir).toBe(project);

  await screen.openSubmit();
  await dialog.getByRole('combobox', { name: 'Directory' }).click();
  await page.getByRole('option', { name: project, exact: true }).click();
  await expect(dialog.getByRole('combobox', { name: 'Directory' })).toHaveValue(project);
});

test('a trial after another one: waits with a way to it, by a name that is never guessed, until it is released', async ({
  app: { screen, engine, project, tolerate },
}) => {
  tolerate(REFUSED_REQUEST);
  const { dialog, inspector } = screen;
  const first = await screen.submit({ directory: project, command: './train.sh', name: 'first', slots: 0 });
  await screen.openSubmit();
  await screen.fillSubmit({ directory: project, command: './train.sh', name: 'second', slots: 0, env: 'STEPS=3' });
  const after = dialog.getByLabel('Start after', { exact: true });
  await after.fill('frist');
  await dialog.getByLabel('Checkpoints kept').fill('2');
  await dialog.getByRole('button', { name: 'Submit' }).click();
  await expect(dialog.getByRole('alert')).toContainText('No trial is called "frist".');
  await expect(after).toHaveAttribute('aria-invalid', 'true');
  await after.fill('first');
  await dialog.getByRole('button', { name: 'Submit' }).click();
  await expect(dialog).toBeHidden();
  const second = first + 1;
  await expect(screen.row(second)).toContainText(`waits for #${first} first`);
  const { trial, config } = await engine.api.trial(second);
  expect(trial.after).toEqual([{ trialId: first, wants: 'completed' }]);
  expect(config).toMatchObject({ checkpoints: { keep_last: 2 } });

  await inspector.getByRole('button', { name: `#${first} first` }).click();
  await expect(inspector).toHaveAttribute('aria-label', `Trial ${first}`);
  await screen.inspect(second);
  await inspector.getByRole('button', { name: 'Release', exact: true }).click();
  await expect(inspector.getByRole('button', { name: `#${first} first` })).toBeHidden();
  await expect(screen.row(second)).not.toContainText('to complete');
  expect((await engine.api.trial(second)).trial.after).toEqual([]);
});
