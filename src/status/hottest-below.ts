/** A key that readers ask for and that is still below. */
export interface HotKey {
  readonly key: string;
  /** The first source, in the order of the configuration, that has it. */
  readonly source: string;
  readonly bytes: number;
  /** As heat: requests, ageing. */
  readonly heat: number;
}

/** What readers ask for most of all that is not upstairs yet. It names keys: for those who may see keys. */
export interface HottestBelow {
  /** The most asked-for first; quick, whatever the number of files. */
  hottest(atMost: number): Promise<readonly HotKey[]>;
}
