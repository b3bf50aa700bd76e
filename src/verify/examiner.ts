import type { SourceFile } from '../ledger/files.ts';
import type { JoinedKey } from './joined-keys.ts';
import { copyFacts, isHalfKnown } from './known-content.ts';
import type { ObjectHead, ObjectProof } from './object-proof.ts';
import type { Reread } from './reread.ts';
import { Troubles } from './troubles.ts';
import { type AboveFacts, type DiskFacts, type DownloadFacts, judge, type MarkFacts, type Verdict } from './verdict.ts';

/** Why the public may not have a key: a mark, a prefix of the configuration, or the mode of its file. */
export type Hidden = 'mark' | 'prefix' | 'mode';

/** What came of one file, or of an object without a file. */
export interface Examined {
  readonly source: string | undefined;
  readonly verdict: Verdict;
  /** Of the file, or of the object, in bytes. */
  readonly size: number;
  /** Of the object, in hex, as far as it is known. */
  readonly md5: string | undefined;
  readonly mtimeUs: number | undefined;
  readonly hidden: Hidden | undefined;
}

export interface ExaminerOptions {
  readonly markOf: (key: string) => Promise<MarkFacts>;
  readonly proof: ObjectProof;
  /** The sources that it is about. */
  readonly isAbout: (source: string) => boolean;
  /** Whether a source is still there. What lay in one that was retired, or is not configured any more, is below nowhere now. */
  readonly isThere: (source: string) => boolean;
  /** Given where files are read again, by the source's name. */
  readonly rereads: ReadonlyMap<string, Reread>;
  /** Whether this object is to be read again. */
  readonly inSample: (key: string) => boolean;
  /** Bytes of an object came. */
  readonly came: (bytes: number) => void;
  /** Whether the ACL of what is private is asked for. */
  readonly askAcls: boolean;
  readonly hasPrivatePrefix: (key: string) => boolean;
  readonly isSkipped: (key: string) => boolean;
  /** Whether a source's mtimes are known by the second alone. */
  readonly wholeSeconds: (source: string) => boolean;
  readonly signal: AbortSignal;
}

/** How the object is looked at: as the listing told, or by asking for it anew. */
export type Look = 'listed' | 'asked';

/** Readable by nobody but its owner. */
const forOthers = 0o044;

/** Finds out what there is to know of one key, with as few requests as can be, and has it judged. */
export class Examiner {
  readonly #options: ExaminerOptions;
  readonly #store = new Troubles('the bucket');
  readonly #sources = new Map<string, Troubles>();

  constructor(options: ExaminerOptions) {
    this.#options = options;
  }

  /**
   * One for each file of the sources that it is about; else one for the object, if no source that is there has the key. `spared`: files
   * that are not read again, by source, since the medium is damaged where they lie.
   * @throws TroubleError when the bucket or a source does not answer any more.
   */
  async examine(joined: JoinedKey, look: Look, spared?: ReadonlyMap<string, DiskFacts>): Promise<readonly Examined[]> {
    const { isAbout, isThere, markOf } = this.#options;
    const files = joined.files.filter(({ source }) => isAbout(source));
    if (files.length === 0 && joined.files.some(({ source }) => isThere(source))) return [];
    const mark = await markOf(joined.key);
    const hidden = this.#hidden(joined, mark);
    const above = await this.#above(joined, look);
    const quiet = mark.unsettled || mark.shown === 'gone' || above.object === undefined || files.length === 0;
    const download = quiet || !this.#options.inSample(joined.key) ? undefined : await this.#download(joined.key);
    const exposed = await this.#exposed(joined.key, hidden, above.object);
    const examined: Examined[] = [];
    for (const file of files.length > 0 ? files : [undefined]) {
      const disk = file && (spared?.get(file.source) ?? (await this.#disk(file, mark, above.object)));
      const verdict = judge({
        below: file,
        above: above.object,
        copy: copyFacts(joined.copy, above.head, joined.files.length),
        mark,
        skipped: this.#options.isSkipped(joined.key),
        wholeSeconds: file !== undefined && this.#options.wholeSeconds(file.source),
        disk,
        download,
        exposed: exposed === true,
        unanswered: above.unanswered ?? (typeof exposed === 'string' ? exposed : undefined),
      });
      if (!verdict) continue;
      examined.push({
        source: file?.source,
        verdict,
        size: file?.size ?? above.object?.size ?? joined.copy?.size ?? 0,
        md5: download?.kind === 'read' ? download.md5 : above.object?.md5,
        mtimeUs: file?.mtimeUs,
        hidden,
      });
    }
    return examined;
  }

  /** The object, and what was asked of it. A listing is enough, unless it leaves open what decides. */
  async #above(
    { key, files, object, copy }: JoinedKey,
    look: Look,
  ): Promise<{ object?: AboveFacts; head?: ObjectHead; unanswered?: string }> {
    const listed = object && { size: object.size, md5: md5In(object.etag) };
    const open =
      listed !== undefined &&
      files.some(({ size }) => size === listed.size) &&
      (isHalfKnown(copy) ||
        (listed.md5 === undefined && (copy?.status === 'copied' || this.#options.rereads.size > 0)));
    if (look === 'listed' && !open) return listed ? { object: listed } : {};
    const head = await this.#ask(() => this.#options.proof.head(key));
    if (typeof head === 'object') return { object: { size: head.size, md5: head.md5 }, head };
    if (head === 'missing') return {};
    return { ...(listed && { object: listed }), unanswered: head.slice(1) };
  }

  async #download(key: string): Promise<DownloadFacts> {
    const bytes = await this.#ask(() => this.#options.proof.hash(key, this.#options.came));
    if (typeof bytes === 'object') return { kind: 'read', ...bytes };
    return bytes === 'missing' ? { kind: 'missing' } : { kind: 'failed', detail: bytes.slice(1) };
  }

  /** Undefined: nobody asked. A text: there was no answer. */
  async #exposed(key: string, hidden: Hidden | undefined, object: AboveFacts | undefined) {
    if (!this.#options.askAcls || !hidden || !object) return undefined;
    const acl = await this.#ask(() => this.#options.proof.acl(key));
    if (acl.startsWith('!')) return acl.slice(1);
    return acl === 'public';
  }

  async #disk(file: SourceFile, mark: MarkFacts, above: AboveFacts | undefined): Promise<DiskFacts | undefined> {
    const { rereads, isSkipped, signal } = this.#options;
    const reread = rereads.get(file.source);
    // Its bytes decide nothing where the file is never used again.
    if (!reread || mark.unsettled || mark.shown === 'gone' || mark.below === 'closed' || isSkipped(file.key))
      return undefined;
    const disk = above ? await reread.read(file.key, signal) : await reread.gone(file.key, signal);
    const troubles = this.#sources.get(file.source) ?? new Troubles(`the source ${file.source}`);
    this.#sources.set(file.source, troubles);
    if (disk?.kind === 'unavailable') troubles.another(disk.detail);
    else troubles.over();
    return disk;
  }

  #hidden({ key, files, copy }: JoinedKey, mark: MarkFacts): Hidden | undefined {
    if (mark.shown === 'private') return 'mark';
    if (mark.shown === 'public') return undefined;
    if (this.#options.hasPrivatePrefix(key)) return 'prefix';
    const read = files.filter(({ source }) => source === copy?.source);
    const deciding = read.length > 0 ? read : files;
    return deciding.length > 0 && deciding.every(({ mode }) => (mode & forOthers) === 0) ? 'mode' : undefined;
  }

  /** The answer, or `!` and why there was none. */
  async #ask<T>(question: () => Promise<T>): Promise<T | `!${string}`> {
    this.#options.signal.throwIfAborted();
    try {
      const answer = await question();
      this.#store.over();
      return answer;
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const { message } = error as Error;
      this.#store.another(message);
      return `!${message}`;
    }
  }
}

/** An ETag of an MD5's form is one: the object was put there whole, by one request. */
function md5In(etag: string): string | undefined {
  return /^[0-9a-f]{32}$/.test(etag) ? etag : undefined;
}
