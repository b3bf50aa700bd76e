import { Metrics } from '../../src/observability/metrics.ts';
import type { Readings } from '../../src/observability/readings.ts';
import { code, generated, table } from './page.ts';

interface Registered {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly constructor: { readonly name: string };
}

const introduction = `What \`/metrics\` of the admin listener has, besides \`process_*\` and \`nodejs_*\` of the Prometheus client. Labels are closed sets: tiers, names of
sources, kinds; never a key or a URL. A histogram is three series: \`_bucket\`, \`_sum\`, \`_count\`.`;

/** The metrics as a page: name, type, labels, help. */
export function metricsReference(): string {
  const metrics = new Metrics({ version: '', node: '', configFingerprint: '', phase: '' });
  // Nothing is read before a scrape, and none comes.
  metrics.observe({} as Readings);
  const rows = (metrics.registry.getMetricsAsArray() as unknown as Registered[])
    .filter(({ name }) => name.startsWith('upstairs_'))
    .map((metric) => [
      code(metric.name),
      metric.constructor.name.toLowerCase(),
      metric.labelNames.map(code).join(', '),
      metric.help,
    ]);
  const text = table(['metric', 'type', 'labels', 'what it counts'], rows);
  return `${generated('Metrics', '`src/observability/metrics.ts`', introduction)}\n${text}\n`;
}
