import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '../../config/grafana/dashboards/upstairs.json');

export interface ShownExpression {
  readonly title: string;
  /** As it stands, with Grafana's variables. */
  readonly expr: string;
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

/** Everything that the dashboard asks Prometheus, panels and annotations. */
export function dashboardExpressions(): ShownExpression[] {
  const { panels, annotations } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  return [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
    ...annotations.list.map(({ name, expr }) => ({ title: name, expr })),
  ];
}

/** With what Grafana would put in place of its variables. */
export function filledIn(expr: string): string {
  return expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
}
