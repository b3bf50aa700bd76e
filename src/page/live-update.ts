/** A line of a table; `key` stays the same for what it is about. */
export interface TableRow {
  readonly key: string;
  readonly cells: readonly string[];
}

/**
 * Everything on the page that moves, as words, by the names that the page's elements carry. The page is rendered from it, and open pages are sent
 * it. It is plain text: whoever shows it escapes it, or sets it as text.
 */
export interface LiveUpdate {
  /** `data-field`. */
  readonly fields: Readonly<Record<string, string>>;
  /** `data-meter`: from 0 to 1; null: not known. */
  readonly meters: Readonly<Record<string, number | null>>;
  /** `data-list`. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** `data-table`. */
  readonly tables: Readonly<Record<string, readonly TableRow[]>>;
  /** `data-mood`: how it looks. */
  readonly moods: Readonly<Record<string, Mood>>;
  /** The gist in one sentence, for who listens. */
  readonly gist: string;
}

export type Mood = 'good' | 'busy' | 'bad' | 'calm';
