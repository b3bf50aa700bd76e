import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { identityKey } from '../bucket/identity.ts';
import { checkEnvironment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { type Area, examine } from '../doctor/area.ts';
import { bucketArea } from '../doctor/bucket-area.ts';
import type { Finding } from '../doctor/finding.ts';
import { descriptorLimit, descriptorVerdict } from '../doctor/limits.ts';
import { examinePlaces, type Place } from '../doctor/places.ts';
import { stateArea } from '../doctor/state-area.ts';
import { quickProblemApart } from '../lib/quick-problem-apart.ts';
import { Teardown } from '../lib/teardown.ts';
import { isPrivate } from '../media/private-prefix.ts';
import { DiskGate } from '../sources/disk-gate.ts';
import { diskOf, partsOf } from './wire-doctor-disks.ts';
import { elsewhereAreas } from './wire-doctor-elsewhere.ts';
import { marksLostIn, peekState, retiredOf } from './wire-doctor-state.ts';
import { wireStoreDoor } from './wire-doctor-store.ts';

/** Operations of the doctor's on one disk at once; each may cost a thread for good. */
const operationsPerPlace = 2;
/** How long the state directory, which is on a healthy disk, may take for one operation, in milliseconds. */
const stateDeadlineMs = 5000;
/** Descriptors that are no connection: databases, spool files, open files on disks. */
const spareDescriptors = 500;

export interface DiagnoseOptions {
  /** How many existing objects of the bucket are looked at. */
  readonly sample: number;
  /** Breaks off: what was written into the bucket is taken away, and what was found so far comes back. */
  readonly signal: AbortSignal;
}

/** Looks at everything that the configuration names, and changes nothing for good. Works beside a running `serve`. */
export async function diagnose(config: Config, { sample, signal }: DiagnoseOptions): Promise<readonly Finding[]> {
  const gate = (deadlineMs: number) =>
    new DiskGate({
      maxOutstanding: operationsPerPlace,
      maxLookups: operationsPerPlace,
      maxWaiting: operationsPerPlace,
      deadlineMs,
    });
  const { state, bucket } = config;
  const stateGate = gate(stateDeadlineMs);
  const retired = await retiredOf(state.dir, stateGate);
  const disks = config.sources.flatMap((source, index) =>
    source.type === 'disk' && !retired.has(source.name)
      ? partsOf(source, index).map((part) => ({ ...part, gate: gate(part.deadlineMs) }))
      : [],
  );
  const stateDir: Place = {
    option: 'state.dir',
    name: 'state',
    dir: state.dir,
    gate: stateGate,
    required: false,
    expected: false,
  };
  const places: Place[] = [
    ...disks.map(({ option, name, dir, gate, required }) => ({
      option,
      name: `sources.${name}`,
      dir,
      gate,
      required,
      expected: true,
    })),
    stateDir,
  ];

  const teardown = new Teardown(() => undefined);
  const elsewhere = examine(elsewhereAreas(config, retired, teardown), signal);
  const checkMachine = (answering: ReadonlySet<string>) => machine(config, retired, answering);
  const { findings, sound } = await examinePlaces({ places, checkMachine });
  const stateSound = sound.has(stateDir.option);
  const store = wireStoreDoor(config);
  const known = stateSound ? peekState(state.dir) : undefined;
  try {
    const areas: Area[] = [
      bucketArea({
        door: store.door,
        host: store.host,
        bucket: bucket.name,
        region: bucket.region,
        acls: bucket.acls,
        reads: bucket.reads,
        sample,
        identityKey,
        known,
        isPublic: (key) => !key.startsWith('_upstairs/') && !isPrivate(key, config.media.private) && !known?.hides(key),
        newId: randomUUID,
        now: Date.now,
        random: Math.random,
      }),
      ...disks.filter(({ option }) => sound.has(option)).map((disk) => diskOf(config, disk)),
      ...(stateSound ? [stateOf(config)] : []),
    ];
    findings.push(
      ...(await examine(areas, signal)),
      ...(await elsewhere),
      descriptorVerdict(descriptorLimit(), needed(config)),
    );
  } finally {
    known?.close();
    await store.close();
    await teardown.run();
  }
  return findings;
}

/** What `serve` asks of the machine, about the places that answer; its findings name sources as the file does. */
function machine(
  config: Config,
  retired: ReadonlySet<string>,
  answering: ReadonlySet<string>,
): ReturnType<typeof checkEnvironment> {
  const kept = config.sources.flatMap((source, i) =>
    source.type !== 'disk' || partsOf(source, i).every(({ option }) => answering.has(option)) ? [i] : [],
  );
  const { state, sources, ...rest } = config;
  const found = checkEnvironment(
    { ...rest, sources: kept.flatMap((i) => sources[i] ?? []), ...(answering.has('state.dir') && { state }) },
    retired,
  );
  const named = (text: string) => text.replace(/\bsources\.(\d+)\b/g, (_, i: string) => `sources.${kept[Number(i)]}`);
  return {
    problems: found.problems.map(({ path, message }) => ({ path: named(path), message: named(message) })),
    warnings: found.warnings.map(named),
  };
}

function stateOf({ state, spool }: Config): Area {
  return stateArea({
    dir: state.dir,
    spoolBytes: spool.disk,
    uid: process.geteuid?.() ?? -1,
    marksLost: () => marksLostIn(state.dir),
    databaseProblem: (name, signal) => quickProblemApart(join(state.dir, name), signal),
  });
}

function needed(config: Config): number {
  const { app } = config;
  const clients = [config.read, config.write, app].reduce((sum, section) => sum + (section?.maxConnections ?? 0), 0);
  return clients + config.bucket.connections * 2 + spareDescriptors;
}
