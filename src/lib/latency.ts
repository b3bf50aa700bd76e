/** What something took to answer, lately. */
export interface Latency {
  /** 9 of 10 took no longer, in milliseconds; undefined: there were none. */
  readonly p90Ms: number | undefined;
  readonly samples: number;
}
