import { describe, expect, test } from 'vitest';
import { graphs } from '../../../src/page/graphs.ts';
import { pageHtml } from '../../../src/page/page-html.ts';
import { pageView } from '../../../src/page/page-view.ts';
import { publicHtml } from '../../../src/page/public-html.ts';
import { evening, madeUpFacts, madeUpSamples } from '../../support/made-up-page.ts';

const samples = madeUpSamples(86_400_000, 12);

function page(mayOrder = true): string {
  const facts = madeUpFacts();
  return pageHtml({
    ...{ update: pageView(facts), graphs: graphs('24h', evening, samples, samples), mayOrder },
    ...{ sources: facts.status.sources.map(({ name }) => name), asset: (name) => `/assets/0/${name}` },
    ...{ scripts: { plain: ['uplot.js'], main: 'main.ts', modules: ['main.ts'] }, styles: ['page.css'] },
  });
}

const names = (text: string, attribute: string) =>
  new Set([...text.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, name]) => name));

describe('the operator’s page', () => {
  test('shows everything that moves, and nothing that does not', () => {
    const { fields, meters, lists, tables, moods } = pageView(madeUpFacts());
    const text = page();
    expect(names(text, 'data-field')).toEqual(new Set(Object.keys(fields)));
    expect(names(text, 'data-meter')).toEqual(new Set(Object.keys(meters)));
    expect(names(text, 'data-list')).toEqual(new Set(Object.keys(lists)));
    expect(names(text, 'data-table')).toEqual(new Set(Object.keys(tables)));
    expect(names(text, 'data-mood-of')).toEqual(new Set(Object.keys(moods)));
  });

  test('has no script, style or handler within it, which its policy forbids', () => {
    expect(page()).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=|javascript:/i);
  });

  test('offers no orders where no token is configured, and says how to have one', () => {
    expect(page(false)).not.toContain('data-order=');
    expect(page(false)).toContain('admin.token');
    expect(page(true)).toContain('data-order="pause"');
  });

  test('has one first heading, and no level left out', () => {
    const levels = [...page().matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
  });
});

describe('the public page', () => {
  test('tells nothing that has a name: no source, no reason, no option, no error', () => {
    const facts = madeUpFacts();
    const odd = (name: string) => `odd-${name}`;
    const tiers = (each: readonly { tier: string; requests: number; bytes: number }[]) =>
      each.map((share) => ({ ...share, tier: share.tier.replace(/^(basement|attic)$/, odd) }));
    const { hour, day, all } = facts.status.tiers;
    const text = publicHtml(
      madeUpFacts(
        {
          tiers: { hour: tiers(hour), day: tiers(day), all: tiers(all) },
          sources: facts.status.sources.map((source) => ({ ...source, name: odd(source.name) })),
          backfill: { ...facts.status.backfill!, eta: { ms: 3_600_000, assuming: 'odd-assumption' } },
        },
        {
          backfill: {
            ...{ ...facts.backfill, why: 'odd-why' },
            drain: {
              ...facts.backfill.drain!,
              sources: [{ source: 'odd-basement', concurrency: 1, pausedUntilMs: 1, why: 'odd-why' }],
            },
          },
        },
      ),
      '/_upstairs/0.css',
    );
    expect(text).toContain('old disks');
    expect(text).toContain('59.6%');
    expect(text).not.toMatch(/odd-|basement|attic|damaged|unplug|timetable|script/);
  });
});
