import { brokenAtRest, brokenNow, forbidden, shownTo } from '../explorer/properties.ts';
import { type Snapshot, start, type World } from '../explorer/snapshot.ts';
import type { Bed } from './bed.ts';
import type { Clients } from './clients.ts';
import { readerSees, truthOf } from './truth.ts';

/** I3: whether a reader who comes now is shown what an acknowledged mutation hid. */
export async function brokenForReader(bed: Bed, world: World, key: string, clients: Clients): Promise<string[]> {
  const content = await readerSees(bed, world, key);
  if (!content || !forbidden(world, { ...start(world), clients: clients.all }, content)) return [];
  return [`I3 a new reader is shown what was hidden: ${content}`];
}

/**
 * Everything that must hold when nothing more will happen: what the explorer asks of its states, asked of the real databases, the real
 * bucket and a real reader.
 */
export async function brokenAtTheEnd(
  bed: Bed,
  world: World,
  key: string,
  { clients, held }: { clients: Clients; held: boolean },
): Promise<{ broken: string[]; at: Snapshot }> {
  const at: Snapshot = {
    ...start(world),
    marks: await bed.marks.record(key),
    record: await bed.ledger.record(key),
    stage: { at: held ? 'spooling' : 'free' },
    stored: await truthOf(bed, world, key),
    clients: clients.all,
  };
  const broken = [...brokenNow(world, at), ...brokenAtRest(world, at)];
  const seen = await readerSees(bed, world, key);
  const expected = shownTo(world, at);
  if (seen !== expected) broken.push(`I1 a reader is shown ${seen ?? 'nothing'}, not ${expected ?? 'nothing'}`);
  return { broken, at };
}
