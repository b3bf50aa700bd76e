/** What the operator wants of the backfill now. */
export interface Standing {
  readonly run: 'running' | 'paused';
  /** Whose word that is. */
  readonly by: 'configuration' | 'hand' | 'timetable';
  /** At most, for the backfill alone; undefined: no limit of its own. */
  readonly bytesPerSecond: number | undefined;
  readonly objectsPerSecond: number | undefined;
}

/** The operator's word, by hand (durable) before the timetable before the configuration. */
export interface Orders {
  current(): Standing;
  /** Told of every change; returns how to stop being told. */
  onChange(listener: (standing: Standing) => void): () => void;
}
