/** A value for each of the times; null: there was none. */
export interface Series {
  readonly name: string;
  /** Which of the looks it has: the same for a source in every graph. */
  readonly look: number;
  readonly values: readonly (number | null)[];
}

/** The same in words, for who sees no graph. */
export interface GraphTable {
  readonly summary: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const graphNames = ['answers', 'copies', 'latency'] as const;

export type GraphName = (typeof graphNames)[number];

/** What the page's graphs show. It is sent to open pages as JSON. */
export interface GraphData {
  readonly span: string;
  /** Seconds since the epoch: the first and the last moment. */
  readonly from: number;
  readonly to: number;
  /** Seconds since the epoch, the ends of the spans, rising. */
  readonly times: readonly number[];
  readonly series: {
    /** Answers per second, by tier: what is upstairs first. */
    readonly answers: readonly Series[];
    /** Bytes per second; one series. */
    readonly copies: readonly Series[];
    /** Milliseconds, by source. */
    readonly latency: readonly Series[];
  };
  readonly tables: Readonly<Record<GraphName, GraphTable>>;
}
