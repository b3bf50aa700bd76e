/** What the operator ordered of the backfill by hand. */
export interface HandOrders {
  /** Undefined: nothing, the timetable and the configuration decide. */
  readonly run: { readonly order: 'running' | 'paused'; readonly sinceMs: number } | undefined;
  /** Undefined: nothing. Without a member: as fast as it can. */
  readonly limits: { readonly bytesPerSecond?: number; readonly objectsPerSecond?: number } | undefined;
}

export const noHandOrders: HandOrders = { run: undefined, limits: undefined };

/** Keeps them over restarts. */
export interface DrainOrdersStore {
  read(): Promise<HandOrders>;
  /** In place of those before; resolves when they are on the disk. */
  write(orders: HandOrders): Promise<void>;
  close(): Promise<void>;
}
