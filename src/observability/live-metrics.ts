import { labelValues } from './label-values.ts';
import type { LiveGauges, Reading } from './live-gauges.ts';
import type { Readings } from './readings.ts';

/** The numbers of what readers and copies meet: sources, bucket, queue, state. */
export function liveMetrics(live: LiveGauges, readings: Readings, certificates: ReadonlyMap<string, number>): void {
  const { cache, spool, disks, remotes, sources, identity, ledger, now } = readings;
  live.group('ready', () => readings.ready())(
    'ready',
    '1: it can do its work (/readyz answers 200); 0: it cannot, or not all of it',
    [],
    (ready) => [[ready ? 1 : 0]],
  );
  live.group('cache', () => cache())('cache_bytes', 'Bytes in the edge cache', [], ({ bytes }) => [[bytes]])(
    'cache_objects',
    'Objects in the edge cache',
    [],
    ({ objects }) => [[objects]],
  );
  live.group('spool', () => spool())(
    'spool_bytes',
    'Bytes reserved for bodies under way',
    ['place'],
    ({ memory, disk }) => [
      [memory, 'memory'],
      [disk, 'disk'],
    ],
  );
  live.group('disks', () => disks())(
    'disk_operations',
    'Operations under way on a disk; stuck: of these, such that have outlived their deadline',
    ['source', 'state'],
    (all) =>
      all.flatMap(({ source, outstanding, stuck }): Reading[] => [
        [outstanding, source, 'outstanding'],
        [stuck, source, 'stuck'],
      ]),
  );
  live.group('remotes', () => remotes())(
    'remote_requests',
    'Requests to a source on another machine, under way and waiting for their turn',
    ['source', 'state'],
    (all) =>
      all.flatMap(({ source, outstanding, waiting }): Reading[] => [
        [outstanding, source, 'outstanding'],
        [waiting, source, 'waiting'],
      ]),
  )('remote_asked', '0: a source on another machine failed lately and is left alone', ['source'], (all) =>
    all.map(({ source, asked }) => [asked ? 1 : 0, source]),
  );
  live.group('sources', () => sources())('source_in_use', '0: a source that was retired', ['source'], (all) =>
    all.map(({ source, inUse }) => [inUse ? 1 : 0, source]),
  )(
    'source_available',
    '0: a source in use that cannot be asked now: not there, hung, or left alone after failures',
    ['source'],
    (all) => all.filter(({ inUse }) => inUse).map(({ source, available }) => [available ? 1 : 0, source]),
  );
  live.group('copies', () => ({ active: readings.copiesActive(), slowDownMs: readings.slowDownMs() }))(
    'copies_active',
    'Copies and looks under way',
    [],
    ({ active }) => [[active]],
  )(
    'copy_slow_down_seconds',
    'How long the SlowDown of the store still holds up all copies, in seconds; 0: it does not',
    [],
    ({ slowDownMs }) => [[slowDownMs / 1000]],
  );
  live.group('identity', () => identity())(
    'bucket_identity',
    'What the last look at the identity object found: 1 at that state. ours: the right bucket',
    ['state'],
    (state) => labelValues.identity.map((each) => [each === state ? 1 : 0, each]),
  );
  live.group('ledger', () => ledger())(
    'ledger_keys',
    'Keys in the ledger, by what became of their copy; wanted is the queue',
    ['status'],
    ({ byStatus }) => labelValues.ledgerStatus.map((status) => [byStatus[status], status]),
  )(
    'copy_queue_keys',
    'Keys that wait for a copy, by lane: those that readers asked for, and the rest',
    ['lane'],
    (all) => {
      const rest = [...all.backfill.values()].reduce((sum, keys) => sum + keys, 0);
      return [
        [Math.max(0, all.byStatus.wanted - rest), 'asked-for'],
        [rest, 'backfill'],
      ];
    },
  )(
    'copy_queue_oldest_seconds',
    'Age in seconds of the oldest request of a reader for a copy; 0: none waits',
    [],
    ({ oldestWantedMs }) => [
      [oldestWantedMs === undefined ? 0 : Math.max(0, (readings.now() - oldestWantedMs) / 1000)],
    ],
  )('copy_attempts_open', 'Uploads whose outcome is not settled', [], ({ openAttempts }) => [[openAttempts]])(
    'copy_looks_due',
    'Looks at the bucket that are due, after requests of unknown outcome',
    [],
    ({ looksDue }) => [[looksDue]],
  );
  live.group('weights', () => readings.weights())(
    'ledger_bytes',
    'Bytes of the keys in the ledger, by what became of their copy, as far as their sizes are known',
    ['status'],
    (weights) =>
      labelValues.ledgerStatus.map((status) => [
        weights.reduce((sum, weight) => sum + (weight.status === status ? weight.bytes : 0), 0),
        status,
      ]),
  );
  live.group('intents', async () => ({
    open: await readings.openIntents(),
    oldestMs: await readings.oldestIntentMs(),
  }))('intents_open', 'Mutations of clients of the write host whose outcome is not settled', [], ({ open }) => [
    [open],
  ])(
    'intents_oldest_seconds',
    'Age in seconds of the oldest of these mutations, since its key was last changed; 0: there is none',
    [],
    ({ oldestMs }) => [[oldestMs === undefined ? 0 : Math.max(0, (readings.now() - oldestMs) / 1000)]],
  );
  live.group('certificates', () => certificates)(
    'certificate_remaining_seconds',
    'Seconds until the certificate of a listener ends',
    ['listener'],
    (ends) => [...ends].map(([listener, endsMs]) => [(endsMs - now()) / 1000, listener]),
  );
  live.group('state', () => readings.state())(
    'state_free_bytes',
    'Bytes that are free for the state directory',
    [],
    ({ freeBytes }) => [[freeBytes]],
  )('state_capacity_bytes', 'Bytes of the file system of the state directory', [], ({ capacityBytes }) => [
    [capacityBytes],
  ])('state_database_bytes', 'Bytes of the databases in the state directory', ['database'], ({ databases }) =>
    databases.map(({ name, bytes }) => [bytes, name]),
  );
}
