/** The code of a trial: what was frozen, what was left out, and how it differs from the directory now and from another trial. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './app.ts';

test.use({ machine: { gpus: [{}] } });

test('shows what was left out and what changed', async ({ app: { screen, engine, project } }) => {
  const file = path.join(project, 'model.py');
  const submit = async (): Promise<number> => {
    const { trialIds } = await engine.api.submit({
      config: { entrypoint: ['true'], runtime: 'process', resources: { slots: 0 } },
      source: { kind: 'directory', path: project },
    });
    return trialIds[0] ?? 0;
  };
  writeFileSync(path.join(project, '.gitignore'), 'data.bin\n');
  writeFileSync(path.join(project, 'data.bin'), 'x'.repeat(3000));
  writeFileSync(file, 'lr = 1\n');
  const first = await submit();
  writeFileSync(file, 'lr = 2\n');
  const second = await submit();

  await screen.inspect(first);
  await screen.tab('Code').click();
  const { inspector } = screen;
  await expect(inspector.getByText('"data.bin" in .gitignore')).toBeVisible();
  const changes = inspector.getByLabel('Changes of model.py');
  await expect(changes).toContainText('-lr = 1');
  await expect(changes).toContainText('+lr = 2');
  writeFileSync(file, 'lr = 1\n');
  await inspector.getByLabel('Compare with').selectOption({ value: String(second) });
  await expect(changes).toContainText('+lr = 2');
  await inspector.getByLabel('Compare with').selectOption({ index: 0 });
  await expect(inspector.getByText('No difference.')).toBeVisible();
});
