/** An upload in parts that was begun at the store: until it is completed or aborted, the store keeps its parts, and lists them nowhere. */
export interface PartUpload {
  /** The store's name for it. */
  readonly uploadId: string;
  readonly key: string;
  /** The attempt that completes it. */
  readonly copyId: string;
}

/** Uploads in parts that may have left something at the store. Durable when the promises resolve. */
export interface PartUploads {
  /** Before its first part is sent. */
  begun(upload: PartUpload, nowMs: number): Promise<void>;
  /** The store keeps nothing of it any more. */
  over(uploadId: string): Promise<void>;
  /** The object that this attempt was to make was seen: what the store may still keep of its upload are parts of that. */
  made(copyId: string): Promise<void>;
  /** Those whose completion can no longer be under way: no attempt of theirs is open. Oldest first, at most so many. */
  left(limit: number): Promise<readonly PartUpload[]>;
}
