import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const file = join(import.meta.dirname, '../../config/prometheus/rules.yml');

/** A rule of Prometheus: an alarm, or something that is worked out and kept under a name. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Those of config/prometheus/rules.yml. */
export function rules(): readonly Rule[] {
  const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
}

/** Of the program's own, without what a histogram adds. */
export function metricsIn(expr: string): string[] {
  const names = [...expr.matchAll(/(?<![\w:])upstairs_[a-z_0-9]+/g)].map(([name]) => name);
  return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
}

/** Names of what rules keep. */
export function recordsIn(expr: string): string[] {
  return [...new Set([...expr.matchAll(/upstairs:[\w:]+/g)].map(([name]) => name))];
}

/** Alarms that go by a metric, also by way of what is kept. */
export function alarmsOf(metric: string, all = rules()): string[] {
  const usedBy = (rule: Rule): boolean =>
    metricsIn(rule.expr).includes(metric) ||
    recordsIn(rule.expr).some((name) => all.some((other) => other.record === name && usedBy(other)));
  return all.flatMap((rule) => (rule.alert !== undefined && usedBy(rule) ? rule.alert : []));
}
