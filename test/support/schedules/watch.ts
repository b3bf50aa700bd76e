import { createHash } from 'node:crypto';
import type { Look, MendAnswer, PutAnswer } from '../../../src/bucket/object-store.ts';
import type { CopyRecord } from '../../../src/ledger/ledger.ts';
import type { MarkRecord } from '../../../src/marks/marks.ts';
import type { World } from '../explorer/snapshot.ts';
import type { Bed } from './bed.ts';
import type { Clients } from './clients.ts';
import { storedUnder } from './truth.ts';

const sourceMd5 = createHash('md5').update('source').digest('hex');

/** Looks at what the program does in the moment it does it, and asks the real bucket whether it might. */
export class Watch {
  readonly #bed: Bed;
  readonly #world: World;
  readonly #key: string;
  readonly #clients: Clients;
  readonly broken: (rule: string) => void;
  #sawSource = false;

  constructor(bed: Bed, world: World, key: string, clients: Clients, broken: (rule: string) => void) {
    this.#bed = bed;
    this.#world = world;
    this.#key = key;
    this.#clients = clients;
    this.broken = broken;
  }

  marksWritten({ intents }: MarkRecord): void {
    this.#clients.marksWritten(new Set(intents.map(({ id }) => id)));
  }

  /** I4: `copied` is recorded only while the bucket holds the source's bytes, or a look saw them and another is due. */
  async ledgerWritten(before: CopyRecord, after: CopyRecord): Promise<void> {
    if (before.status === 'copied' || after.status !== 'copied') return;
    if ((await this.#stored())?.what === 'source') return;
    if (!this.#sawSource || after.look === undefined) this.broken('I4 copied, but the bucket does not hold it');
  }

  /** I2: whatever was there and not ours stays. */
  async copying(put: () => Promise<PutAnswer>): Promise<PutAnswer> {
    const before = await this.#stored();
    const answer = await put();
    if (answer.kind === 'unknown') throw new Error(`the real store gave no answer: ${answer.reason}`);
    if (answer.kind === 'stored' && before && before.copyId === undefined)
      this.broken('I2 a copy overwrote an object that was not ours');
    this.#sawSource = answer.kind === 'stored';
    return answer;
  }

  /** I2: only under `gone` is what a client uploaded deleted. */
  async deleting(send: () => Promise<MendAnswer>): Promise<MendAnswer> {
    const { shown } = await this.#bed.marks.get(this.#key);
    const before = shown === 'gone' ? undefined : await this.#stored();
    const answer = await this.mending(send);
    if (before?.what.startsWith('new')) this.broken('I2 what a client uploaded was deleted');
    return answer;
  }

  async mending(send: () => Promise<MendAnswer>): Promise<MendAnswer> {
    const answer = await send();
    if (answer === 'unknown') throw new Error('the real store gave no answer');
    return answer;
  }

  async looking(look: () => Promise<Look>): Promise<Look> {
    const seen = await look();
    if (seen.kind === 'unavailable') throw new Error('the real store could not be looked at', { cause: seen.cause });
    this.#sawSource = seen.kind === 'object' && seen.facts.md5 === sourceMd5;
    return seen;
  }

  #stored() {
    return storedUnder(this.#bed, this.#world, this.#key);
  }
}
