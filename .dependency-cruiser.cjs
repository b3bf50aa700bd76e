/** The arrows of ARCHITECTURE.md: who may import whom. */
const implementations =
  '^src/(bucket|sources|cache|marks|ledger)/(?!(bucket|object-store|part-store|identity|source|edge-cache|marks|uploads|ledger|ledger-summary|part-uploads|recorded-copies|files|scan-writer|source-listing|objects|listing-writer|object-listing|proof|tier-shares|heat|plan-store|failures|copy-reasons|copy-status|drain-orders|store-words)\\.ts$)';
const domain = '^src/(media|copy)/';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports is dead.',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src/main\\.ts$', '^demo/run\\.ts$'] },
      to: {},
    },
    {
      name: 'lib-knows-nothing',
      comment: 'lib/ holds small things that know nothing of this project.',
      severity: 'error',
      from: { path: '^src/lib/' },
      to: { path: '^src/(?!lib/)' },
    },
    {
      name: 'only-app-constructs',
      comment: 'Implementations of bucket, sources, cache, marks and ledger are wired in app.ts and app/ alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/app(\\.ts$|/)', '^src/(bucket|sources|cache|marks|ledger)/'] },
      to: { path: implementations },
    },
    {
      name: 'tiers-do-not-know-each-other',
      comment:
        'bucket, sources, cache, marks and ledger meet only above. (ledger may name a mark generation: types only.)',
      severity: 'error',
      from: { path: '^src/(bucket|sources|cache|marks|ledger)/' },
      to: {
        path: '^src/(bucket|sources|cache|marks|ledger|copy|http|gateway|backfill|verify|cli|app)',
        pathNot: '^src/$1/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'domain-knows-no-transport',
      comment: 'media/ and copy/ know neither fastify nor the SDK nor undici nor the front ends.',
      severity: 'error',
      from: { path: domain },
      to: { path: '(^src/(http|gateway|cli|app|main|config/load)|node_modules/(fastify|@fastify|@aws-sdk|undici))' },
    },
    {
      name: 'front-does-not-know-the-copier',
      comment: 'The front knows of the mover only copies.request: the CopyRequests interface.',
      severity: 'error',
      from: { path: '^src/(media|http)/' },
      to: { path: '^src/copy/(?!copy-requests\\.ts$)' },
    },
    {
      name: 'gateway-does-not-know-the-copier',
      comment: 'The write host meets the mover in the protocol, the ledger and copies.request alone, and knows no SDK.',
      severity: 'error',
      from: { path: '^src/gateway/' },
      to: { path: '(^src/copy/(?!copy-requests\\.ts$)|^src/(bucket|cli|app)/(?!bucket\\.ts$)|node_modules/@aws-sdk)' },
    },
    {
      name: 'protocol-is-pure',
      comment: 'protocol/ knows the words of marks, ledger and bucket, and does nothing.',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { path: '^(src/(?!protocol/)|node_modules/)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'doctor-asks-through-doors',
      comment: 'doctor/ judges what it is told: it knows neither stores nor disks, and nothing of what serves.',
      severity: 'error',
      from: { path: '^src/doctor/' },
      to: { path: '(^src/(app|cli|http|gateway|copy|protocol|media)|node_modules/(undici|@aws-sdk|fastify))' },
    },
    {
      name: 'nobody-knows-the-doctor',
      comment: 'Only the command and its wiring know the doctor.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(doctor/|cli/check(-machine)?\\.ts$|app/wire-doctor[^/]*\\.ts$)' },
      to: { path: '^src/doctor/' },
    },
    {
      name: 'page-knows-facts',
      comment: 'page/ makes words and HTML of what it is told: it knows neither HTTP nor what does the work.',
      severity: 'error',
      from: { path: '^src/page/' },
      to: {
        path: '(^src/(?!page/|lib/|status/|history/history\\.ts$|backfill/(facts|limits)\\.ts$|ledger/)|node_modules/(fastify|undici))',
      },
    },
    {
      name: 'browser-is-apart',
      comment: 'What runs in the browser is served file by file: it knows the program by its types alone.',
      severity: 'error',
      from: { path: '^src/page/browser/' },
      to: { path: '^src/(?!page/browser/)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nobody-imports-the-browser',
      severity: 'error',
      from: { path: '^src/(?!page/browser/)' },
      to: { path: '^src/page/browser/' },
    },
    {
      name: 'only-http-shows-the-page',
      comment: 'Pages are shown by http/, and wired in app/.',
      severity: 'error',
      from: { path: '^src/(?!page/|http/|app(\\.ts$|/))' },
      to: { path: '^src/page/' },
    },
    {
      name: 'history-only-counts',
      comment: 'history/ counts what it is told, and knows of others only what the ledger is asked.',
      severity: 'error',
      from: { path: '^src/history/' },
      to: { path: '^src/(?!(history|ledger|lib)/)' },
    },
    {
      name: 'environment-only-at-the-edge',
      comment: 'Only config/ and main.ts read the environment; nothing else imports the loader.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(config|cli)/', '^src/main\\.ts$'] },
      to: { path: '^src/config/load\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
