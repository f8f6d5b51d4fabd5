/**
 * Plays Electron for a packed app: `node packed-app.ts PROGRAM`. Unpacks the app's archive, runs its first file on the fake of electron
 * and its engine in a process of its own, does what a user does, and prints what was seen as one line of JSON.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { loadThroughElectron } from '../fakes/electron-protocol.ts';
import type * as FakeElectron from '../fakes/electron.ts';
import { runForReal } from './real-utility.ts';

const FAKE = pathToFileURL(path.join(import.meta.dirname, '../fakes/electron.ts')).href;
const ORIGIN = 'app://switchyard';
const DEADLINE_MS = 90_000;

const [program = ''] = process.argv.slice(2);
const resources = path.join(path.dirname(program), 'resources');
const unpacked = path.join(process.env['SWITCHYARD_HOME'] ?? '', '..', 'unpacked');

// What reads and writes these archives comes with the packager.
const require = createRequire(createRequire(import.meta.url).resolve('app-builder-lib/package.json'));
const asar = require('@electron/asar') as { extractAll(archive: string, to: string): void };
asar.extractAll(path.join(resources, 'app.asar'), unpacked);

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: FAKE, shortCircuit: true } : next(specifier, context),
});
const { app, fake } = (await import(FAKE)) as typeof FakeElectron;
fake.appPath = unpacked;
fake.isPackaged = true;
Object.assign(process, { resourcesPath: resources });
fake.runUtility = (child) => runForReal(child);

/** Waits for what `look` finds; the deadline is for machines under load. */
async function until<T>(
  what: string,
  look: () => T | null | Promise<T | null>,
  { isFaultExpected = false } = {},
): Promise<T> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (!isFaultExpected && fake.errorBoxes.length > 0) throw new Error(fake.errorBoxes.join('\n'));
    if (performance.now() > endMs) throw new Error(`gave up waiting for ${what}`);
    await delay(50);
  }
}

async function page(pathname: string): Promise<Response> {
  const handler = fake.schemeHandlers.get('app');
  if (handler === undefined) throw new Error('the scheme is not answered');
  return loadThroughElectron(handler, {
    url: `${ORIGIN}${pathname}`,
    method: 'GET',
    headers: new Headers(),
    body: null,
    initiatorOrigin: ORIGIN,
  });
}

// The application shows faults in a box, which nobody would see here.
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

const built = path.join(unpacked, 'out/main');
const isDamaged = process.env['TEST_DAMAGED'] === '1';
// As a disk does it: the file that holds main.ts ends in the middle.
if (isDamaged)
  for (const file of fs.readdirSync(built).filter((name) => /^main-[\w-]+\.js$/.test(name)))
    fs.truncateSync(path.join(built, file), Math.floor(fs.statSync(path.join(built, file)).size / 2));
await import(pathToFileURL(path.join(built, 'boot.js')).href);
fake.ready.resolve();
if (isDamaged) {
  await until('the end', () => (fake.exitCode === null ? null : true), { isFaultExpected: true });
  process.stdout.write(`${JSON.stringify({ said: fake.errorBoxes, exitCode: fake.exitCode })}\n`);
  process.exit(0);
}
const window = await until('the window', () => fake.windows[0] ?? null);
const html = await (await page('/')).text();
const script = new URL(/src="([^"]+\.js)"/.exec(html)?.[1] ?? 'none', `${ORIGIN}/`).pathname;
const first = await page('/api/v1/state');
await until('the engine', async () => ((await page('/api/v1/state')).ok ? true : null));

// The command line of the same package, by the name people type.
const cli = path.join(resources, 'cli/switchyard');
const project = path.join(unpacked, '..', 'project');
fs.mkdirSync(project);
const sw = promisify(execFile);
const submitted = await sw(
  cli,
  ['submit', '--', 'sh', '-c', 'echo seen; python3 -c "import switchyard; print(switchyard.__file__)"'],
  {
    cwd: project,
  },
);
const placeOfUpdates = process.env['TEST_UPDATES_FROM'];
if (placeOfUpdates !== undefined) {
  await sw(cli, ['settings', 'updatesFrom', placeOfUpdates]);
  // As somebody who agrees to everything.
  const help = fake.menus[0]?.find(({ role }) => role === 'help') as { submenu?: FakeElectron.MenuItem[] } | undefined;
  const check = help?.submenu?.find(({ label }) => label === 'Check for updates…');
  // What the command line changed comes to the window a moment later.
  await until('the setting', () => {
    if (fake.dialogs.every(({ message }) => message === 'Updates are off')) {
      fake.dialogs = [];
      check?.click?.();
      return null;
    }
    return true;
  });
  await until('the end', () => (fake.hasQuit ? true : null));
  process.stdout.write(`${JSON.stringify({ said: fake.dialogs.map(({ message }) => message) })}\n`);
  process.exit(0);
}
const log = await until('the log', async () => {
  const answer = await page('/api/v1/trials/1/attempts/1/log/follow');
  return answer.ok ? answer : null;
});
const followed = await log.text();
const said = [...followed.matchAll(/"text":"([^"]+)"/g)]
  .map(([, text]) => Buffer.from(text ?? '', 'base64').toString('utf8'))
  .join('');
const events = await page('/api/v1/events');
await events.body?.cancel();
app.quit();
await until('the end', () => (fake.hasQuit ? true : null));
process.stdout.write(
  `${JSON.stringify({
    url: window.url,
    isShown: window.isShown,
    hasPage: html.includes('id="root"'),
    scriptStatus: (await page(script)).status,
    firstStatus: first.status,
    submitted: submitted.stdout,
    said,
    ended: followed.includes('event: end'),
    calls: fake.calls,
  })}\n`,
);
process.exit(0);
