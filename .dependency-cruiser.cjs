/**
 * Who may import whom. `npm test` runs these rules over electron/, native/ and renderer/ (test/rules/check.ts),
 * and plants a violation of each of them to see that it is found (test/rules/planted.ts).
 */

/** Domain folders: each may import from those after it. */
const DOMAINS = ['cloud', 'experiments', 'trials', 'scheduler', 'queue', 'store'];
const anyDomain = `^electron/(${DOMAINS.join('|')})/`;
const LOCAL = '^(electron|native|renderer|test|resources)/';
/** The ports, and the names of the files in the data directory: both without I/O. */
const PORTS = '^electron/engine/(ports|data-dir)[.]ts$';
const CONTRACT = '^electron/contract/';
/** What composes everything: the engine's root, the doctor (the same adapters without an engine), the entries and what belongs to them. */
const ROOTS = '^electron/(engine/(engine|doctor)[.]ts$|(main|serve|cli|start)[.]ts$|(cli|start)/|[^/]+[.]mjs$)';

/** Files that decide: data in, data out. */
const DECIDERS = [
  '^electron/scheduler/(plan|placement|forecast|assess-slots|scenario|model|reasons)[.]ts$',
  '^electron/queue/rank[.]ts$',
  '^electron/trials/(transitions|report-lines)[.]ts$',
  '^electron/experiments/(memory-text|config-keys|config-defaults|names|nearest)[.]ts$',
  '^electron/doors/(csp|cookies|ui-path)[.]ts$',
  '^native/gpu/(values|facts|error-texts|understand-capture)[.]ts$',
  '^(electron|native)/.*/(parse-[^/]+|[^/]+-polic(y|ies)|policies/[^/]+)[.]ts$',
];
const IO_CORE = '^(node:)?(fs|fs/promises|child_process|net|http|http2|https|tls|dgram|dns|worker_threads|cluster|readline|repl|inspector|sqlite)(/|$)';
const IO_PACKAGES = '(^|/)node_modules/(better-sqlite3|dockerode|execa|systeminformation|pino|@hono/node-server|electron)/';

const forbidden = [
  {
    name: 'no-circular',
    comment: 'Two files that need each other are one topic, or the shared part is a third file. Types are erased and may go round.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'no-unresolvable',
    comment: 'An import that leads nowhere.',
    from: {},
    to: { couldNotResolve: true, pathNot: '^vite/client$' },
  },
  {
    name: 'contract-alone',
    comment: 'contract imports zod and the router library only.',
    from: { path: CONTRACT },
    to: { pathNot: `${CONTRACT}|(^|/)node_modules/(zod|hono|@hono/zod-openapi)/` },
  },
  ...DOMAINS.map((domain, index) => ({
    name: `domain-${domain}`,
    comment: `${domain} imports ${DOMAINS.slice(index + 1).join(', ') || 'no other domain folder'}, the contract and engine/ports; the rest comes in through a port.`,
    from: { path: `^electron/${domain}/` },
    to: { path: LOCAL, pathNot: `^electron/(${DOMAINS.slice(index).join('|')})/|${CONTRACT}|${PORTS}` },
  })),
  {
    name: 'domain-without-machine',
    comment: 'What a domain folder needs from the machine comes in through a port, not through a library.',
    from: { path: anyDomain },
    to: { path: '(^|/)node_modules/(dockerode|execa|systeminformation|@hono/node-server)/|^(node:)?(child_process|net|http|http2|https|tls|dgram)$' },
  },
  {
    name: 'database-in-store',
    comment: 'Only store/ opens a database; others may name its type to pass it on.',
    from: { path: '^(electron|native|renderer)/', pathNot: '^electron/store/' },
    to: { path: '(^|/)node_modules/better-sqlite3/', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'api-to-services',
    comment: 'api turns routes into calls of the domain folders.',
    from: { path: '^electron/api/' },
    to: { path: LOCAL, pathNot: `^electron/api/|${anyDomain}|${CONTRACT}|^electron/engine/(ports|engine-api|data-dir|feed)[.]ts$` },
  },
  {
    name: 'doors-only-doors',
    comment: 'A door passes requests to the engine it is given; it knows neither domain nor machine.',
    from: { path: '^electron/doors/' },
    to: { path: LOCAL, pathNot: `^electron/doors/|${CONTRACT}|^electron/engine/(ports|engine-api|data-dir)[.]ts$` },
  },
  {
    name: 'native-adapters',
    comment: 'native imports engine/ports, contract and its own libraries.',
    from: { path: '^native/' },
    to: { path: LOCAL, pathNot: `^native/|${CONTRACT}|${PORTS}` },
  },
  {
    name: 'one-composition-root',
    comment: 'Only engine/engine.ts and the entries know everything.',
    from: { path: '^electron/engine/', pathNot: ROOTS },
    to: { path: `^(native|renderer|test)/|^electron/(api|doors|desktop)/|${anyDomain}|^electron/(main|serve|cli|start)[.]ts$|^electron/(cli|start)/` },
  },
  {
    name: 'nothing-imports-the-entries',
    comment: 'Entries and the composition root are imported by entries only.',
    from: { path: '^(electron|native|renderer)/', pathNot: ROOTS },
    to: { path: '^electron/((main|serve|cli|start)[.]ts$|(cli|start)/|engine/engine[.]ts$)' },
  },
  {
    name: 'electron-in-desktop',
    comment: "Only main.ts and desktop/ import 'electron'.",
    from: { pathNot: '^electron/(main[.]ts$|desktop/)|node_modules' },
    to: { path: '(^|/)node_modules/electron/|^electron$' },
  },
  {
    name: 'desktop-thin',
    comment: 'desktop knows the contract, the engine as a door sees it, and the doors; not the domain, not the machine.',
    from: { path: '^electron/desktop/' },
    to: { path: LOCAL, pathNot: `^electron/(desktop|doors)/|${CONTRACT}|^electron/engine/(ports|engine-api|data-dir)[.]ts$` },
  },
  {
    name: 'desktop-only-from-main',
    comment: 'Nothing but main.ts reaches into desktop/.',
    from: { path: '^(electron|native|renderer)/', pathNot: '^electron/(main[.]ts$|desktop/)' },
    to: { path: '^electron/desktop/' },
  },
  {
    name: 'renderer-contract-only',
    comment: 'The renderer imports nothing of ours but the contract.',
    from: { path: '^renderer/' },
    to: { path: LOCAL, pathNot: `^renderer/|${CONTRACT}` },
  },
  {
    name: 'renderer-types-only',
    comment: 'Of the contract the renderer takes types only: no schema library in the bundle.',
    from: { path: '^renderer/' },
    to: { path: CONTRACT, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'renderer-in-a-browser',
    comment: 'The renderer runs in a plain browser.',
    from: { path: '^renderer/', pathNot: '^renderer/[^/]+[.]config[.]ts$' },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'features-apart',
    comment: 'features/a never imports features/b.',
    from: { path: '^renderer/features/([^/]+)/' },
    to: { path: '^renderer/features/[^/]+/', pathNot: '^renderer/features/$1/' },
  },
  {
    name: 'deciders-without-io',
    comment: 'Files that decide import no I/O at all, directly or through another file.',
    from: { path: DECIDERS },
    to: { path: `${IO_CORE}|${IO_PACKAGES}`, reachable: true },
  },
  {
    name: 'product-without-tests',
    comment: 'Nothing that ships imports from test/.',
    from: { path: '^(electron|native|renderer)/' },
    to: { path: '^test/' },
  },
  {
    name: 'engine-without-dev-packages',
    comment: 'What the engine and the command line need at run time is in dependencies.',
    from: { path: '^(electron|native)/', pathNot: '^electron/(main[.]ts$|desktop/)' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist|test-results)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
