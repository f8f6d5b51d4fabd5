/**
 * A small tree in which each dependency rule is broken once, and a few files that break none.
 * Keys of `files` are paths, values the file's text.
 */
interface Plant {
  /** The file that must be reported. */
  readonly from: string;
  readonly files: Readonly<Record<string, string>>;
}

const value = 'export const value = 1;\n';
const domain = (name: string, target: string): Plant => ({
  from: `electron/${name}/planted.ts`,
  files: { [`electron/${name}/planted.ts`]: `import { value } from '${target}';\nexport const copy = value;\n` },
});

/** rule name -> how it is broken */
export const PLANTED: Readonly<Record<string, Plant>> = {
  'no-circular': {
    from: 'electron/queue/ring-a.ts',
    files: {
      'electron/queue/ring-a.ts': "import { b } from './ring-b.ts';\nexport const a = () => b;\n",
      'electron/queue/ring-b.ts':
        "import type { a } from './ring-a.ts';\nexport const b = (given: typeof a) => given;\n",
    },
  },
  'no-unresolvable': {
    from: 'electron/queue/lost.ts',
    files: { 'electron/queue/lost.ts': "import { x } from './nowhere.ts';\nexport const y = x;\n" },
  },
  'contract-alone': {
    from: 'electron/contract/planted.ts',
    files: {
      'electron/contract/planted.ts': "import { value } from '../queue/clean.ts';\nexport const copy = value;\n",
    },
  },
  'ports-on-contract': domain('ports', '../store/clean.ts'),
  'text-on-contract': domain('text', '../ports/clean.ts'),
  'changes-with-effects': {
    from: 'electron/trials/forgets.ts',
    files: {
      'electron/trials/life/apply.ts': value,
      'electron/trials/life/change-trials.ts': "import { value } from './apply.ts';\nexport const copy = value;\n",
      'electron/trials/forgets.ts': "import { value } from './life/apply.ts';\nexport const copy = value;\n",
    },
  },
  'domain-cloud': domain('cloud', '../trials/clean.ts'),
  'domain-experiments': domain('experiments', '../cloud/clean.ts'),
  'domain-trials': domain('trials', '../../native/gpu/clean.ts'),
  'domain-scheduler': domain('scheduler', '../trials/clean.ts'),
  'domain-gpus': domain('gpus', '../scheduler/clean.ts'),
  'domain-queue': domain('queue', '../gpus/clean.ts'),
  'domain-feed': domain('feed', '../queue/clean.ts'),
  'domain-store': domain('store', '../feed/clean.ts'),
  'domain-without-machine': {
    from: 'electron/trials/spawns.ts',
    files: { 'electron/trials/spawns.ts': "import { spawn } from 'node:child_process';\nexport const run = spawn;\n" },
  },
  'database-in-store': {
    from: 'electron/queue/sql.ts',
    files: {
      'electron/queue/sql.ts':
        "import Database from 'better-sqlite3';\nexport const open = () => new Database(':memory:');\n",
    },
  },
  'api-to-services': {
    from: 'electron/api/planted.ts',
    files: {
      'electron/api/planted.ts': "import { value } from '../../native/gpu/clean.ts';\nexport const copy = value;\n",
    },
  },
  'routes-through-services': {
    from: 'electron/api/knowing.ts',
    files: { 'electron/api/knowing.ts': "import { value } from '../queue/clean.ts';\nexport const copy = value;\n" },
  },
  'services-below-routes': {
    from: 'electron/api/services/planted.ts',
    files: {
      'electron/api/services/planted.ts': "import { value } from '../clean.ts';\nexport const copy = value;\n",
    },
  },
  'doors-only-doors': {
    from: 'electron/doors/planted.ts',
    files: { 'electron/doors/planted.ts': "import { value } from '../queue/clean.ts';\nexport const copy = value;\n" },
  },
  'native-adapters': {
    from: 'native/gpu/planted.ts',
    files: {
      'native/gpu/planted.ts': "import { value } from '../../electron/queue/clean.ts';\nexport const copy = value;\n",
    },
  },
  'root-for-entries': {
    from: 'electron/trials/entry.ts',
    files: {
      'electron/serve.ts': value,
      'electron/trials/entry.ts': "import { value } from '../serve.ts';\nexport const copy = value;\n",
    },
  },
  'root-below-entries': {
    from: 'electron/engine/planted.ts',
    files: {
      'electron/engine/planted.ts': "import { value } from '../desktop/clean.ts';\nexport const copy = value;\n",
    },
  },
  'cli-on-client': {
    from: 'electron/cli/planted.ts',
    files: { 'electron/cli/planted.ts': "import { value } from '../queue/clean.ts';\nexport const copy = value;\n" },
  },
  'client-outside': {
    from: 'electron/client/planted.ts',
    files: { 'electron/client/planted.ts': "import { value } from '../api/clean.ts';\nexport const copy = value;\n" },
  },
  'electron-in-desktop': {
    from: 'electron/doors/window.ts',
    files: { 'electron/doors/window.ts': "import { app } from 'electron';\nexport const quit = () => app.quit();\n" },
  },
  'desktop-thin': {
    from: 'electron/desktop/planted.ts',
    files: {
      'electron/desktop/planted.ts': "import { value } from '../queue/clean.ts';\nexport const copy = value;\n",
    },
  },
  'desktop-only-from-main': {
    from: 'electron/serve-tray.ts',
    files: { 'electron/serve-tray.ts': "import { value } from './desktop/clean.ts';\nexport const copy = value;\n" },
  },
  'renderer-contract-only': {
    from: 'renderer/app/planted.ts',
    files: {
      'renderer/app/planted.ts': "import { value } from '../../electron/queue/clean.ts';\nexport const copy = value;\n",
    },
  },
  'renderer-without-schemas': {
    from: 'renderer/app/schema.ts',
    files: {
      'renderer/app/schema.ts':
        "import { value } from '../../electron/contract/clean.ts';\nexport const copy = value;\n",
    },
  },
  'renderer-in-a-browser': {
    from: 'renderer/app/files.ts',
    files: { 'renderer/app/files.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n" },
  },
  'ui-primitives': {
    from: 'renderer/ui/planted.ts',
    files: { 'renderer/ui/planted.ts': "import { value } from '../api/clean.ts';\nexport const copy = value;\n" },
  },
  'renderer-api-below': {
    from: 'renderer/api/planted.ts',
    files: { 'renderer/api/planted.ts': "import { value } from '../shared/clean.ts';\nexport const copy = value;\n" },
  },
  'shared-below-features': {
    from: 'renderer/shared/planted.ts',
    files: {
      'renderer/shared/planted.ts':
        "import type { show } from '../features/queue/clean.ts';\nexport const copy = (given: typeof show) => given;\n",
    },
  },
  'features-below-app': {
    from: 'renderer/features/gpus/planted.ts',
    files: {
      'renderer/app/frame.ts': value,
      'renderer/features/gpus/planted.ts': "import { value } from '../../app/frame.ts';\nexport const copy = value;\n",
    },
  },
  'features-apart': {
    from: 'renderer/features/queue/planted.ts',
    files: {
      'renderer/features/trial/log.ts': value,
      'renderer/features/queue/planted.ts': "import { value } from '../trial/log.ts';\nexport const copy = value;\n",
    },
  },
  // Through another file, which is the case a look at the imports of one file does not find.
  'deciders-without-io': {
    from: 'electron/scheduler/plan/plan.ts',
    files: {
      'electron/scheduler/plan/plan.ts': "import { read } from './read.ts';\nexport const plan = () => read;\n",
      'electron/scheduler/plan/read.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
    },
  },
  'product-without-tests': {
    from: 'electron/queue/faked.ts',
    files: {
      'test/fakes/clean.ts': value,
      'electron/queue/faked.ts': "import { value } from '../../test/fakes/clean.ts';\nexport const copy = value;\n",
    },
  },
  'engine-without-dev-packages': {
    from: 'electron/api/dev.ts',
    files: { 'electron/api/dev.ts': "import { build } from 'vite';\nexport const bundle = build;\n" },
  },
};

/** Files that keep every rule; reporting one of them is a fault of the rules. */
export const CLEAN: Readonly<Record<string, string>> = {
  'electron/contract/clean.ts':
    "import { z } from '@hono/zod-openapi';\nexport const value = z.number();\nexport type Value = number;\n",
  'electron/ports/clean.ts':
    "import type { Value } from '../contract/clean.ts';\nexport interface Clock { now(): Value }\n",
  'electron/text/clean.ts':
    "import type { Value } from '../contract/clean.ts';\nexport const say = (v: Value) => String(v);\n",
  'electron/store/clean.ts':
    "import Database from 'better-sqlite3';\nexport const value = () => new Database(':memory:');\n",
  'electron/feed/clean.ts': "export { value } from '../store/clean.ts';\n",
  'electron/queue/rank.ts':
    "import type { value } from '../store/clean.ts';\nexport const rank = (stored: typeof value) => stored;\n",
  'electron/queue/clean.ts':
    "import { value as stored } from '../store/clean.ts';\nimport type { Clock } from " +
    "'../ports/clean.ts';\nexport const value = (clock: Clock) => [clock, stored];\n",
  'electron/gpus/clean.ts': "export { value } from '../store/clean.ts';\n",
  'electron/scheduler/clean.ts': "export { value } from '../queue/clean.ts';\n",
  'electron/trials/clean.ts': "export { value } from '../scheduler/clean.ts';\n",
  'electron/cloud/clean.ts': "export { value } from '../store/clean.ts';\n",
  'electron/api/services/clean.ts': "export { value } from '../../trials/clean.ts';\n",
  'electron/api/clean.ts': "export { value } from './services/clean.ts';\n",
  'electron/client/clean.ts': "import { say } from '../text/clean.ts';\nexport const value = say;\n",
  'electron/engine/engine.ts':
    "import { value } from '../api/clean.ts';\nimport { value as gpu } from '../../native/gpu/clean.ts';\nexport const engine = [value, gpu];\n",
  'electron/desktop/clean.ts': "import { app } from 'electron';\nexport const value = () => app;\n",
  'electron/boot.ts': "import { app } from 'electron';\nawait import('./main.ts');\nexport const boot = app;\n",
  'electron/main.ts':
    "import { engine } from './engine/engine.ts';\nimport { value } from './desktop/clean.ts';\nexport const main = [engine, value];\n",
  'native/gpu/clean.ts':
    "import type { Clock } from '../../electron/ports/clean.ts';\nexport const value = (clock: Clock) => clock;\n",
  'electron/contract/plain.ts': value,
  'renderer/ui/clean.ts': "export { say } from '../../electron/text/clean.ts';\n",
  'renderer/api/clean.ts': "export { value } from '../../electron/contract/plain.ts';\n",
  'renderer/shared/clean.ts': "export { value } from '../api/clean.ts';\nexport { say } from '../ui/clean.ts';\n",
  'renderer/features/queue/clean.ts':
    "import type { Value } from '../../../electron/contract/clean.ts';\nimport { say } from " +
    "'../../shared/clean.ts';\nexport const show = (v: Value) => say(v);\n",
};
