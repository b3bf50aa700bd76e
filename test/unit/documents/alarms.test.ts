import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricsIn, recordsIn, rules } from '../../../docs/generate/alarms.ts';
import { registeredMetrics, unitOf } from '../../../docs/generate/metrics-reference.ts';
import { dashboardExpressions } from '../../support/dashboard.ts';
import { fencedBlocks } from '../../support/markdown.ts';

const top = join(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(top, name), 'utf8');
const all = rules();
const alarms = all.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
const names = alarms.map(({ alert }) => alert);
const runbooks = read('docs/runbooks.md');
const entries = [...runbooks.matchAll(/^### (\w+)\n([\s\S]*?)(?=^##|(?![\s\S]))/gm)].map(
  ([, name = '', text = '']) => ({
    name,
    text,
  }),
);

interface Tested {
  readonly promql_expr_test: { readonly expr: string; readonly exp_samples: unknown[] }[];
}
const tested = readdirSync(join(top, 'config/prometheus'))
  .filter((name) => name.endsWith('.test.yml'))
  .flatMap((name) => (parse(read(`config/prometheus/${name}`)) as { tests: Tested[] }).tests)
  .flatMap((one) => one.promql_expr_test);

describe('the alarms', () => {
  test('each have a name of their own, and are about something that is worth waking for', () => {
    expect(names.length).toBeGreaterThan(30);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(alarms)('$alert says how grave it is, what it is, and where its runbook entry is', (alarm) => {
    expect(['critical', 'warning']).toContain(alarm.labels?.severity);
    const { summary = '', description = '', runbook_url: runbook } = alarm.annotations ?? {};
    expect(summary.length).toBeGreaterThan(20);
    expect(description.length).toBeGreaterThan(20);
    expect(runbook).toBe(`docs/runbooks.md#${alarm.alert.toLowerCase()}`);
  });

  test.each(names)('%s has a test in which it is given, and one in which it is not', (name) => {
    const own = tested.filter(({ expr }) => expr === `ALERTS{alertname="${name}", alertstate="firing"}`);
    expect(own.some(({ exp_samples: samples }) => samples.length > 0)).toBe(true);
    expect(own.some(({ exp_samples: samples }) => samples.length === 0)).toBe(true);
  });

  test('that are tested are all there', () => {
    const inTests = tested.flatMap(({ expr }) => /alertname="(\w+)"/.exec(expr)?.[1] ?? []);
    expect(inTests.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('the runbooks', () => {
  test('have an entry for each alarm, in the same order, and none for another', () => {
    expect(entries.map(({ name }) => name)).toEqual(names);
  });

  test.each(entries)(
    'say of $name what it means for readers, where to look, what to do, and when to worry',
    ({ text }) => {
      for (const part of ['Readers', 'First look', 'What to do', 'When to worry'])
        expect(text).toContain(`**${part}**:`);
      expect(fencedBlocks(text).map(({ language }) => language)).toEqual(['sh']);
    },
  );

  test('lead only to entries that they have', () => {
    const links = [...runbooks.matchAll(/\]\(#([\w-]+)\)/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((target) => !names.some((name) => name.toLowerCase() === target))).toEqual([]);
  });
});

describe('what is worked out of the metrics', () => {
  const registered = registeredMetrics();
  const known = new Set(registered.map(({ name }) => name));
  const kept = new Set(all.flatMap(({ record }) => record ?? []));
  const shown = dashboardExpressions();

  test('goes by metrics that exist, and by what is kept, in the alarms and in the dashboard', () => {
    const expressions = [...all.map(({ expr }) => expr), ...shown.map(({ expr }) => expr)];
    expect(expressions.length).toBeGreaterThan(100);
    expect(expressions.flatMap(metricsIn).filter((name) => !known.has(name))).toEqual([]);
    expect(expressions.flatMap(recordsIn).filter((name) => !kept.has(name))).toEqual([]);
  });

  test('keeps nothing that nobody uses', () => {
    const used = new Set([...alarms, ...shown, ...all].flatMap(({ expr }) => recordsIn(expr)));
    expect([...kept].filter((name) => !used.has(name))).toEqual([]);
  });

  test.each(registered)('$name tells in its help what it is, and its unit where it has one', (metric) => {
    const { help } = metric;
    expect(help.length).toBeGreaterThan(10);
    expect(help).not.toMatch(/^Their|, by the same$/);
    const unit = unitOf(metric);
    if (/^(seconds|bytes)/.test(unit))
      expect(help.toLowerCase()).toMatch(unit.startsWith('seconds') ? /second|how long/ : /bytes/);
  });
});

describe('the dashboard', () => {
  const { panels } = JSON.parse(read('config/grafana/dashboards/upstairs.json')) as {
    panels: {
      id: number;
      type: string;
      title: string;
      description?: string;
      fieldConfig?: { defaults: { unit?: string } };
      gridPos: { x: number; y: number; w: number; h: number };
    }[];
  };
  const drawn = panels.filter(({ type }) => type !== 'row');

  test.each(drawn)('says what "$title" shows, and in which unit', ({ description, fieldConfig }) => {
    expect(description?.length ?? 0).toBeGreaterThan(10);
    expect(fieldConfig?.defaults.unit).toMatch(/^(none|short|s|bytes|Bps|ops|reqps|percentunit)$/);
  });

  test('draws no panel over another, and each within the page', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    const twice: string[] = [];
    for (const { title, gridPos: at } of panels) {
      expect(at.x + at.w).toBeLessThanOrEqual(24);
      for (let x = at.x; x < at.x + at.w; x += 1)
        for (let y = at.y; y < at.y + at.h; y += 1) {
          const other = taken.get(`${x}:${y}`);
          if (other !== undefined) twice.push(`${title} over ${other}`);
          taken.set(`${x}:${y}`, title);
        }
    }
    expect(twice).toEqual([]);
  });

  test('shows each instance by itself, or all', () => {
    const without = dashboardExpressions().filter(
      ({ expr }) => /upstairs[_:]/.test(expr) && !expr.includes('$instance'),
    );
    expect(without).toEqual([]);
  });
});
