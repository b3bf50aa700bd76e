/** A multipart upload that a client began: what its completion must know. */
export interface PendingUpload {
  readonly key: string;
  /** The intent's id, which the object carries once it is complete. */
  readonly intentId: string;
  /** The ACL that the client asked for; undefined: none. */
  readonly acl: 'public' | 'private' | undefined;
}

/** Multipart uploads under way. Those begun more than a month ago are forgotten, as stores do. */
export interface Uploads {
  /** Durable when the promise resolves. */
  begin(uploadId: string, upload: PendingUpload, nowMs: number): Promise<void>;
  find(uploadId: string): Promise<PendingUpload | undefined>;
  end(uploadId: string): Promise<void>;
}
