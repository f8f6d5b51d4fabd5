/**
 * Who may import whom. `npm test` runs these rules over electron/, native/ and renderer/ (test/rules/check.ts),
 * and plants a violation of each of them to see that it is found (test/rules/planted.ts).
 */

/** Domain folders, lowest first: each may import from those before it. Cloud stands aside: it knows store and ports. */
const DOMAINS = ['store', 'feed', 'queue', 'gpus', 'scheduler', 'trials', 'experiments'];
const ALL_DOMAINS = [...DOMAINS, 'cloud'];
const anyDomain = `^electron/(${ALL_DOMAINS.join('|')})/`;
const LOCAL = '^(electron|native|renderer|test|resources)/';
const CONTRACT = '^electron/contract/';
const PORTS = '^electron/ports/';
/** Words from facts and back: pure, so whoever shows something to people may use it. */
const TEXT = '^electron/text/';
const GROUND = `${CONTRACT}|${PORTS}|${TEXT}`;
/** The entries and what belongs to them, and the root that they start. */
const ENTRIES = '^electron/((boot|main|engine-process|serve|cli|built-cli|start)[.]ts$|(cli|start)/|[^/]+[.][cm]js$)';
const ROOT = '^electron/engine/';
/** What verbs need beside the client, each loaded when its verb is used. */
const CLI_EXCEPTIONS = [
  // plan: one pass of the scheduler on a scenario, without an engine.
  '^electron/scheduler/scenario[.]ts$',
  // submit: reads YAML here, so that an error names the line of the file.
  '^electron/experiments/config/parse-config[.]ts$',
  // params: what -S makes of files that lie here, without an engine.
  '^electron/experiments/parameters/(preview|split-files|override)[.]ts$',
  '^electron/experiments/parameters/files/format[.]ts$',
  // preview-search: what a searcher will make, from the file alone.
  '^electron/experiments/searchers/(preview|searcher-config|hyperparameters)[.]ts$',
  // gpus --from: what a capture of nvidia-smi means; gpus without an engine: the same, live (its type; loaded by client).
  '^native/gpu/understand-(capture|live)[.]ts$',
  // doctor without an engine: the same checks, made here (its type).
  '^electron/engine/doctor[.]ts$',
  // serve is the headless entry in the foreground (its type).
  '^electron/serve[.]ts$',
  // open: starts a browser, and builds the page that an engine in the background was never asked for.
  '^electron/doors/browser-opener[.]ts$',
  '^electron/start/bundles[.]ts$',
].join('|');

/** Files that decide: data in, data out. */
const DECIDERS = [
  '^electron/scheduler/(plan|forecast)/(?!like-runs)',
  '^electron/scheduler/(scenario|pool-hours)[.]ts$',
  '^electron/gpus/(assess-slots|measure-slot|foreign-use|plan-slot|reading-pace)[.]ts$',
  '^electron/store/start-errors[.]ts$',
  '^electron/queue/rank[.]ts$',
  '^electron/text/',
  '^electron/ports/',
  '^electron/trials/(life/(transitions|change-meaning|follow-commits|held-reason|dependency-hold)|unsaved-work|reports/report-lines)[.]ts$',
  '^electron/experiments/(config|parameters|searchers)/',
  '^electron/doors/(csp|cookies|ui-path)[.]ts$',
  '^native/gpu/(values|facts|error-texts|understand-capture)[.]ts$',
  '^(electron|native)/.*/(parse-[^/]+|[^/]+-polic(y|ies)|policies/[^/]+)[.]ts$',
];
const IO_CORE =
  '^(node:)?(fs|fs/promises|child_process|net|http|http2|https|tls|dgram|dns|worker_threads|cluster|readline|repl|inspector|sqlite)(/|$)';
const IO_PACKAGES =
  '(^|/)node_modules/(better-sqlite3|dockerode|execa|systeminformation|pino|@hono/node-server|electron)/';

const forbidden = [
  {
    name: 'no-circular',
    comment: 'Two files that need each other, be it for a type, are one topic, or the shared part is a third file.',
    from: {},
    to: { circular: true },
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
  {
    name: 'ports-on-contract',
    comment: 'A port is a description: it imports the contract only.',
    from: { path: PORTS },
    to: { path: LOCAL, pathNot: `${PORTS}|${CONTRACT}` },
  },
  {
    name: 'text-on-contract',
    comment: 'Words know no place: text imports the contract only.',
    from: { path: TEXT },
    to: { path: LOCAL, pathNot: `${TEXT}|${CONTRACT}` },
  },
  ...DOMAINS.map((domain, index) => ({
    name: `domain-${domain}`,
    comment:
      `${domain} imports ${DOMAINS.slice(0, index).join(', ') || 'no other domain folder'}, ` +
      'and contract, ports, text; the rest comes in through a port.',
    from: { path: `^electron/${domain}/` },
    to: { path: LOCAL, pathNot: `^electron/(${DOMAINS.slice(0, index + 1).join('|')})/|${GROUND}` },
  })),
  {
    name: 'changes-with-effects',
    comment: 'Events reach the rows of a trial through changeTrials alone, which performs what follows from them.',
    from: { path: '^(electron|native)/', pathNot: '^electron/trials/life/change-trials[.]ts$' },
    to: { path: '^electron/trials/life/apply[.]ts$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'domain-cloud',
    comment:
      "cloud imports store, and contract, ports, text: to the rest it is one more runtime behind the trials' port.",
    from: { path: '^electron/cloud/' },
    to: { path: LOCAL, pathNot: `^electron/(cloud|store)/|${GROUND}` },
  },
  {
    name: 'domain-without-machine',
    comment: 'What a domain folder needs from the machine comes in through a port, not through a library.',
    from: { path: anyDomain },
    to: {
      path: '(^|/)node_modules/(dockerode|execa|systeminformation|@hono/node-server)/|^(node:)?(child_process|net|http|http2|https|tls|dgram)$',
    },
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
    to: {
      path: LOCAL,
      pathNot: `^electron/api/|${anyDomain}|${GROUND}`,
    },
  },
  {
    name: 'routes-through-services',
    comment: 'A route calls a service; of the domain it knows the logs it streams and the lines that trials report.',
    from: { path: '^electron/api/[^/]+[.]ts$' },
    to: { path: anyDomain, pathNot: '^electron/trials/(log|reports)/' },
  },
  {
    name: 'services-below-routes',
    comment: 'A service knows no route.',
    from: { path: '^electron/api/services/' },
    to: { path: '^electron/api/', pathNot: '^electron/api/services/' },
  },
  {
    name: 'doors-only-doors',
    comment: 'A door passes requests to the engine it is given; it knows neither domain nor machine.',
    from: { path: '^electron/doors/' },
    to: { path: LOCAL, pathNot: `^electron/doors/|${GROUND}` },
  },
  {
    name: 'native-adapters',
    comment: 'native imports engine/ports, contract and its own libraries.',
    from: { path: '^native/' },
    to: { path: LOCAL, pathNot: `^native/|${GROUND}` },
  },
  {
    name: 'root-for-entries',
    comment: 'The composition root and the entries are imported by entries alone.',
    from: { path: '^(electron|native|renderer)/', pathNot: `${ENTRIES}|${ROOT}` },
    to: { path: `${ENTRIES}|${ROOT}` },
  },
  {
    name: 'root-below-entries',
    comment: 'The root knows the house, not who starts it nor who looks in from outside.',
    from: { path: ROOT },
    to: { path: `${ENTRIES}|^electron/(desktop|client)/|^(renderer|test)/` },
  },
  {
    name: 'client-outside',
    comment: 'client is how a program of ours talks to a running engine: it knows the wire, not the engine.',
    from: { path: '^electron/client/' },
    to: { path: LOCAL, pathNot: `^electron/client/|${GROUND}` },
  },
  {
    name: 'cli-on-client',
    comment: 'The command line is a client: contract, ports, text, and what CLI_EXCEPTIONS names with its reason.',
    from: { path: '^electron/cli/' },
    to: { path: LOCAL, pathNot: `^electron/(cli|client)/|${GROUND}|${CLI_EXCEPTIONS}` },
  },
  {
    name: 'electron-in-desktop',
    comment: "Only boot.ts, main.ts and desktop/ import 'electron'.",
    from: { pathNot: '^electron/((boot|main)[.]ts$|desktop/)|node_modules' },
    to: { path: '(^|/)node_modules/electron/|^electron$' },
  },
  {
    name: 'desktop-thin',
    comment:
      'desktop knows the contract, the engine as a door sees it, and the doors; not the domain, not the machine.',
    from: { path: '^electron/desktop/' },
    to: {
      path: LOCAL,
      pathNot: `^electron/(desktop|doors|client)/|${GROUND}`,
    },
  },
  {
    name: 'desktop-only-from-main',
    comment: 'Nothing but main.ts reaches into desktop/.',
    from: { path: '^(electron|native|renderer)/', pathNot: '^electron/(main[.]ts$|desktop/)' },
    to: { path: '^electron/desktop/' },
  },
  {
    name: 'renderer-contract-only',
    comment: 'The renderer imports nothing of ours but the contract, and the words.',
    from: { path: '^renderer/' },
    to: { path: LOCAL, pathNot: `^renderer/|${CONTRACT}|${TEXT}` },
  },
  {
    name: 'renderer-without-schemas',
    comment:
      'Of the contract the renderer takes types, and values of files that need no library: no schemas in the bundle.',
    from: { path: '^renderer/' },
    to: { path: '(^|/)node_modules/(zod|hono|@hono/[^/]+)/', reachable: true },
  },
  {
    name: 'renderer-in-a-browser',
    comment: 'The renderer runs in a plain browser.',
    from: { path: '^renderer/', pathNot: '^renderer/[^/]+[.]config[.]ts$' },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'ui-primitives',
    comment: 'ui holds what any product could use: it knows neither the engine nor what is on the screen.',
    from: { path: '^renderer/ui/' },
    to: { path: LOCAL, pathNot: `^renderer/ui/|${TEXT}` },
  },
  {
    name: 'renderer-api-below',
    comment: 'api is the way to the engine and its mirror; it draws nothing and knows nobody who does.',
    from: { path: '^renderer/api/' },
    to: { path: '^renderer/', pathNot: '^renderer/api/' },
  },
  {
    name: 'shared-below-features',
    comment: 'shared is what features have in common: actions and view state, on top of api and ui.',
    from: { path: '^renderer/shared/' },
    to: { path: '^renderer/', pathNot: '^renderer/(shared|api|ui)/' },
  },
  {
    name: 'features-below-app',
    comment: 'A feature is put on the screen by app; it imports shared, api and ui.',
    from: { path: '^renderer/features/' },
    to: { path: '^renderer/', pathNot: '^renderer/(features|shared|api|ui)/' },
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
    from: { path: '^(electron|native)/', pathNot: '^electron/((boot|main)[.]ts$|desktop/)' },
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
