import { expect, test } from 'vitest';
import { MetricsText } from '../../support/metrics-text.ts';

test('samples are found by some of their labels and summed up', () => {
  const metrics = new MetricsText(
    [
      '# HELP reads_total Reads',
      'reads_total{tier="disk",outcome="ok"} 2',
      'reads_total{tier="disk",outcome="a \\"b\\""} 3',
      'wait_seconds_bucket{le="+Inf"} 7',
      'up 1',
    ].join('\n'),
  );
  expect(metrics.value('reads_total', { tier: 'disk' })).toBe(5);
  expect(metrics.value('reads_total', { outcome: 'a "b"' })).toBe(3);
  expect(metrics.value('wait_seconds_bucket', { le: '+Inf' })).toBe(7);
  expect(metrics.value('up')).toBe(1);
  expect(metrics.value('reads_total', { tier: 'bucket' })).toBeUndefined();
});
