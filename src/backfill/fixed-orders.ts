import type { Orders, Standing } from './orders.ts';

/** Orders of which the configuration has the only word. */
export function fixedOrders({ enabled }: { readonly enabled: boolean }): Orders {
  const standing: Standing = {
    run: enabled ? 'running' : 'paused',
    by: 'configuration',
    bytesPerSecond: undefined,
    objectsPerSecond: undefined,
  };
  return { current: () => standing, onChange: () => () => undefined };
}
