import { execFile } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Rule, rules } from '../../docs/generate/alarms.ts';
import { needs } from '../support/left-out.ts';
import { documentation, fencedBlocks } from '../support/markdown.ts';
import { scratch } from '../support/scratch.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../config/prometheus');
const alarms = rules().flatMap(({ alert }) => alert ?? []);
const tests = ['rules.test.yml', 'rules-of-days.test.yml'];

/** What promtool printed, and whether it was content. */
async function promtool(...args: string[]): Promise<{ ok: boolean; text: string }> {
  try {
    const { stdout, stderr } = await run('promtool', args, { timeout: 150_000, maxBuffer: 1 << 26 });
    return { ok: true, text: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: unknown };
    if (typeof code !== 'number') throw error;
    return { ok: false, text: stdout + stderr };
  }
}

describe.skipIf(needs('prometheus').skip)('Prometheus’ own tool', () => {
  test('accepts the rules, and the configuration of the box', async () => {
    expect(await promtool('check', 'rules', join(folder, 'rules.yml'))).toMatchObject({
      ok: true,
      text: expect.stringContaining(`${rules().length} rules found`),
    });
    expect(await promtool('check', 'config', join(folder, 'prometheus.yml'))).toMatchObject({ ok: true });
  });

  test('accepts what the pages show for a Prometheus of one’s own, and reads what they show for Alertmanager', async () => {
    const blocks = documentation().flatMap(({ text }) => fencedBlocks(text));
    const shown = blocks.filter(({ words: [of] }) => of === 'prometheus');
    expect(shown.length).toBeGreaterThan(2);
    for (const { text } of shown) {
      const file = join(scratch('shown'), 'prometheus.yml');
      writeFileSync(file, text.replaceAll('/opt/upstairs/config/prometheus', folder));
      expect(await promtool('check', 'config', file)).toMatchObject({ ok: true });
    }
    const [mail] = blocks.filter(({ words: [of] }) => of === 'alertmanager');
    const { inhibit_rules: inhibited } = parse(mail?.text ?? '') as { inhibit_rules: Record<string, string[]>[] };
    const named = JSON.stringify(inhibited).match(/Upstairs[A-Z]\w+/g) ?? [];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !alarms.includes(name))).toEqual([]);
  });

  test('finds each alarm given when it should be, and not when it should not; a move that goes well alarms nobody', async () => {
    const files = tests.map((name) => join(folder, name));
    const { ok, text } = await promtool('test', 'rules', ...files);
    expect(text).not.toContain('FAILED');
    expect([ok, text.match(/SUCCESS/g)?.length]).toEqual([true, files.length]);
  }, 180_000);

  test('finds out when any of the alarms is never given', async () => {
    expect(await unnoticed((rule) => (rule.alert ? { ...rule, expr: 'vector(0) > 1' } : rule), alarms)).toEqual([]);
  }, 180_000);

  test('finds out when any that has to last for a while is given at once', async () => {
    const lasting = rules().flatMap(({ alert, for: lasts }) =>
      alert !== undefined && lasts !== undefined ? alert : [],
    );
    expect(lasting.length).toBeGreaterThan(20);
    expect(await unnoticed(({ for: _, ...rule }) => rule, lasting)).toEqual([]);
  }, 180_000);
});

/** Of these alarms, those of which no test fails when the rules are changed. */
async function unnoticed(change: (rule: Rule) => Rule, of: readonly string[]): Promise<string[]> {
  const copy = scratch('changed');
  cpSync(folder, copy, { recursive: true });
  writeFileSync(join(copy, 'rules.yml'), stringify({ groups: [{ name: 'all', rules: rules().map(change) }] }));
  const { ok, text } = await promtool('test', 'rules', ...tests.map((name) => join(copy, name)));
  expect(ok).toBe(false);
  const failed = new Set([...text.matchAll(/alertname=\\?"(\w+)\\?"/g)].map(([, name]) => name));
  return of.filter((name) => !failed.has(name));
}
