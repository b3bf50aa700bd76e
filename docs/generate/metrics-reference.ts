import { labelValues } from '../../src/observability/label-values.ts';
import { Metrics } from '../../src/observability/metrics.ts';
import type { Readings } from '../../src/observability/readings.ts';
import { alarmsOf, rules } from './alarms.ts';
import { code, generated, table } from './page.ts';

export interface Registered {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly constructor: { readonly name: string };
}

const introduction = `What \`/metrics\` of the admin listener has, besides \`process_*\` and \`nodejs_*\` of the Prometheus client. Labels are closed sets: tiers, names of
sources, kinds; never a key or a URL. A histogram is three series: \`_bucket\`, \`_sum\`, \`_count\`. [How to watch with it](../how-to/watch-with-prometheus.md); each alarm has an entry in
[the runbooks](../runbooks.md).

What is read at a scrape has two seconds: what fails or is late is left out of it, and counted in \`upstairs_reading_failures_total\`.`;

/** What labels may be. Several metrics have a label of the same name, and not the same values. */
const labels: readonly (readonly [label: string, on: string, values: readonly string[] | string])[] = [
  ['tier', '', 'cache, bucket, none, and each source by its name'],
  ['source', '', 'each source by its name'],
  ['instance, job', '', 'put on by Prometheus'],
  ['status', 'requests, writes, app', labelValues.status],
  ['status', 'ledger', labelValues.ledgerStatus],
  ['outcome', 'copies', labelValues.copyOutcome],
  ['reason', 'copies', labelValues.copyReason],
  ['outcome', 'mutations', labelValues.mutation],
  ['outcome', 'purges', labelValues.purge],
  ['outcome', 'scans', labelValues.scanOutcome],
  ['reason', 'pauses of the backfill', labelValues.pauseReason],
  ['kind', 'source errors', labelValues.sourceKind],
  ['kind', 'bucket errors', labelValues.bucketKind],
  ['kind', 'store errors', labelValues.storeKind],
  ['by', 'store', labelValues.by],
  ['state', 'identity', labelValues.identity],
  ['state', 'backfill', labelValues.backfillState],
  ['lane', 'queue', labelValues.lane],
  ['operation', 'writes', [...labelValues.operation, 'none']],
  ['database', 'state', labelValues.database],
];

/** Every metric of the program itself. */
export function registeredMetrics(): Registered[] {
  const metrics = new Metrics({ version: '', node: '', configFingerprint: '', phase: '' });
  // Nothing is read before a scrape, and none comes.
  metrics.observe({} as Readings);
  return (metrics.registry.getMetricsAsArray() as unknown as Registered[]).filter(({ name }) =>
    name.startsWith('upstairs_'),
  );
}

/** The metrics as a page: name, type, labels, unit, meaning, alarms. */
export function metricsReference(): string {
  const all = rules();
  const rows = registeredMetrics().map((metric) => [
    code(metric.name),
    metric.constructor.name.toLowerCase(),
    metric.labelNames.map(code).join(', '),
    unitOf(metric),
    metric.help,
    alarmsOf(metric.name, all)
      .map((name) => `[${name}](../runbooks.md#${name.toLowerCase()})`)
      .join(', '),
  ]);
  const text = table(['metric', 'type', 'labels', 'unit', 'what it tells', 'alarms that go by it'], rows);
  const kept = all.flatMap(({ record, expr }) => (record === undefined ? [] : [[code(record), code(oneLine(expr))]]));
  const values = labels.map(([label, on, is]) => [
    label.split(', ').map(code).join(', '),
    on,
    typeof is === 'string' ? is : is.map(code).join(', '),
  ]);
  return [
    generated('Metrics', '`src/observability/metrics.ts`', introduction),
    `${text}\n`,
    '## Labels\n',
    `${table(['label', 'of', 'values'], values)}\n`,
    '## What Prometheus works out\n',
    'By `config/prometheus/rules.yml`, for the alarms and the dashboard.\n',
    `${table(['name', 'what it is'], kept)}\n`,
  ].join('\n');
}

/** The unit is in the name, or it is a number of what the help speaks of. */
export function unitOf({ name, help }: Pick<Registered, 'name' | 'help'>): string {
  if (name.endsWith('_timestamp_seconds')) return 'seconds since 1970';
  const [, unit] = /_(seconds|bytes|files|keys|objects)(?:_total)?$/.exec(name) ?? [];
  if (unit !== undefined) return unit;
  if (name.endsWith('_info')) return '1';
  return /(^|: )[01](:| at that state)/.test(help) ? '0 or 1' : 'number';
}

function oneLine(expr: string): string {
  return expr.replaceAll(/\s+/g, ' ');
}
