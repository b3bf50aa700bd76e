import { z } from 'zod';
import { flag, moment, ms, number, text } from './json-members.ts';

/*
 * What `--json` prints, by command. Tests parse the real output with these, and reference/json.md is made from them. Strict where the shape
 * is the command's own; loose where it is that of an answer of the admin listener, which may get more members.
 */

const reason = text('why, a word that stays: see `upstairs failures --help`');

/** On standard error, its last line, whenever a command fails that was called with `--json`; as the admin listener answers errors. */
export const errorShape = z.strictObject({
  error: z
    .strictObject({
      code: text('a word that stays'),
      message: text('what was found; a sentence, and may change'),
      expected: text('what should have been there; a sentence, and may change'),
      todo: text('what to do; a sentence, and may change'),
      problems: z
        .array(z.strictObject({ path: text('the option, or empty'), message: text('what is the matter with it') }))
        .optional()
        .describe('of `CONFIG_INVALID`: each for itself'),
      stack: text('of `INTERNAL`: where in the program it happened, a call a line; may change').optional(),
    })
    .describe('what went wrong'),
});

const finding = z.strictObject({
  level: z.enum(['ok', 'warning', 'error']).describe('how bad it is'),
  check: text('a name that stays: `bucket.conditional-put`'),
  found: text('a sentence, and may change'),
  expected: text('a sentence, and may change; empty where nothing is wrong'),
  todo: text('a sentence, and may change; empty where nothing is wrong'),
});

const unplugReason = z.strictObject({
  code: text('a word that stays'),
  why: text('a sentence, and may change'),
  todo: text('a sentence, and may change'),
});

const serving = z
  .enum(['follows', 'does-not-answer'])
  .optional()
  .describe('what a running `serve` did, where something was changed');

const amounts = z.record(z.string(), z.unknown());

const backfill = z.looseObject({
  run: text('`running` or `paused`: what is ordered'),
  by: text('whose word that is'),
  why: text('the same as a sentence'),
  limits: z
    .looseObject({
      bytesPerSecond: number('left out: no limit').optional(),
      objectsPerSecond: number('left out: no limit').optional(),
    })
    .describe('how fast it may go'),
  limitsBy: z.enum(['hand', 'timetable', 'none']).describe('whose word the limits are'),
  timetableChangesMs: ms('when the timetable changes next').optional(),
  drain: z.looseObject({}).optional().describe('how it gets on; left out: nothing carries up in this phase'),
});

const file = z.strictObject({ bytes: number('its size'), sha256: text('in hex') });

/** By command; several where an option makes it another one. */
export const jsonShapes: Readonly<Record<string, z.ZodObject>> = {
  'upstairs check': z.strictObject({ findings: z.array(finding).describe('all that was looked at, in order') }),
  'upstairs init': z.strictObject({
    files: z.array(z.string()).describe('the files that were written'),
    config: text('the configuration among them'),
    notes: z.array(z.string()).describe('sentences that are worth reading'),
  }),
  'upstairs list': z.strictObject({
    copies: z
      .array(z.strictObject({ key: text('its key'), tries: number('tries in vain'), reason: reason.optional() }))
      .describe('at most `--limit`'),
  }),
  'upstairs status': z.looseObject({
    atMs: ms('when it was so'),
    phase: z.enum(['front', 'move']).describe('the phase'),
    servingMs: ms('since when `serve` runs; left out: it does not, and this is what its files say').optional(),
    weights: z
      .array(
        z.looseObject({
          status: text('of the copies'),
          class: text('what kind of file it is'),
          objects: number('how many'),
          bytes: number('of those whose size is known'),
        }),
      )
      .describe('copies by status and kind'),
    byStatus: z.record(z.string(), z.number()).describe('copies by status'),
    openAttempts: number('uploads of unknown outcome'),
    openIntents: number('writes of unknown outcome'),
    oldestWantedMs: ms('since when the oldest copy waits').optional(),
    oldestFailure: z.looseObject({}).optional().describe('the copy that was given up first'),
    tiers: z
      .looseObject({ hour: z.array(amounts), day: z.array(amounts), all: z.array(amounts) })
      .describe('who answered readers: `tier`, `requests`, `bytes`'),
    rate: z.looseObject({}).optional().describe('how fast copies end'),
    backfill: z.looseObject({}).optional().describe('`state`, `left`, `eta`'),
    sources: z
      .array(
        z.looseObject({
          name: text('of the source'),
          retiredMs: ms('since when it is retired').optional(),
          unplug: z
            .looseObject({
              safe: flag('whether it can be unplugged'),
              reasons: z.array(unplugReason).describe('all that speaks against it'),
            })
            .describe('safe to unplug?'),
        }),
      )
      .describe('each source'),
  }),
  'upstairs retire': z.strictObject({
    source: text('its name'),
    retired: flag('whether it is now'),
    changed: flag('whether that was changed now'),
    safe: flag('whether it can be unplugged; left out with `--undo`').optional(),
    reasons: z.array(unplugReason).optional().describe('all that speaks against it; left out with `--undo`'),
    serving,
  }),
  'upstairs backfill status': backfill,
  'upstairs backfill start': backfill,
  'upstairs backfill pause': backfill,
  'upstairs backfill resume': backfill,
  'upstairs backfill limit': backfill,
  'upstairs failures': z.strictObject({
    counts: z
      .array(z.strictObject({ reason, state: text('`given-up` or `waiting`'), keys: number('how many') }))
      .describe('all there are, in sums'),
    failures: z
      .array(
        z.strictObject({
          key: text('its key'),
          state: text('`given-up` or `waiting`'),
          reason,
          detail: text('more about it').optional(),
          tries: number('tries in vain'),
          since: moment('since when it is wanted, or was given up'),
          nextTry: moment('when it is tried again').optional(),
          source: text('where the file lies').optional(),
          size: number('bytes').optional(),
          mtime: z
            .string()
            .optional()
            .describe('seconds since the epoch, as text: it may be negative and has a fraction'),
        }),
      )
      .describe('each, or those of `--reason`'),
  }),
  'upstairs failures --lost': z.strictObject({
    counts: z.array(amounts).describe('as above'),
    failures: z
      .array(
        z.strictObject({
          url: text('where readers asked for it'),
          key: text('its key'),
          size: number('bytes').optional(),
          mtime: moment('when it was changed').optional(),
          reason,
          detail: text('more about it').optional(),
        }),
      )
      .describe('what is lost'),
  }),
  'upstairs failures --retry': z.strictObject({
    retried: number('keys that are tried again'),
    serving: flag('whether `serve` runs and tries them now'),
  }),
  'upstairs recopy': z.strictObject({
    key: text('its key'),
    note: text('what happens now; a sentence, and may change'),
  }),
  'upstairs scan': z.strictObject({
    sources: z
      .array(
        z.looseObject({
          source: text('its name'),
          whole: flag('whether it came to its end'),
          why: text('why not').optional(),
          files: number('that are there; left out, like what follows, where nothing was recorded').optional(),
          bytes: number('of these').optional(),
          added: number('new ones').optional(),
          changed: number('changed ones').optional(),
          vanished: number('those that are gone').optional(),
          findings: number('what cannot move').optional(),
          entries: number('names that were looked at'),
          ms: number('how long it took'),
          findingsByKind: z
            .array(
              z.strictObject({
                kind: text('a word that stays'),
                count: number('how many'),
                examples: z.array(z.strictObject({ path: text('where'), detail: text('more').optional() })),
              }),
            )
            .describe('with some examples'),
        }),
      )
      .describe('each source that was scanned'),
  }),
  'upstairs acl fix': z.strictObject({
    acls: flag('`bucket.acls`: false, and there is nothing to do; what follows is left out then'),
    applied: flag('`--yes`').optional(),
    whole: flag('whether it came to the end of the bucket').optional(),
    objects: number('all of them').optional(),
    public: number('as they should be').optional(),
    wrong: number('private, and should be public').optional(),
    shown: number('of these, made public now').optional(),
    exposed: number('public, and were made private before').optional(),
    hidden: number('of these, made private now').optional(),
    private: z.record(z.string(), z.number()).optional().describe('private on purpose, by why'),
    unknown: number('left as they are: nobody could tell').optional(),
    failures: z
      .array(z.strictObject({ key: text('its key'), reason: text('why not') }))
      .optional()
      .describe('the first hundred'),
  }),
  'upstairs heat import': z.strictObject({
    logs: z
      .array(
        z.strictObject({
          log: text('its file'),
          counts: z
            .strictObject({
              lines: number('all of them'),
              views: number('lines that count'),
              unreadable: number('lines in no format that is known'),
              firstUnreadable: z.array(z.strictObject({ line: number('counted from 1'), text: text('how it begins') })),
              knownBytes: number('at the beginning, counted by an earlier import'),
            })
            .optional()
            .describe('what was read'),
          error: errorShape.shape.error
            .omit({ stack: true })
            .optional()
            .describe('why it was not read, or not to its end'),
        }),
      )
      .describe('each log'),
    keys: number('keys that are known by how often they are asked for'),
  }),
  'upstairs verify': z.strictObject({
    beganMs: ms('when it began'),
    endedMs: ms('when it ended'),
    mode: text('how closely it looked'),
    percent: number('of the objects that were read again'),
    sources: z.array(z.string()).describe('what it is about'),
    clean: flag('every file below is in the bucket and equal, or excepted'),
    counts: z.record(z.string(), z.number()).describe('files by verdict'),
    stateHash: text('of the ledger that it was about'),
    keys: number('all of them'),
    exceptions: number('that keep it from being clean'),
    changedMeanwhile: number('changed while it ran, and right at the end'),
    seed: text('what decided which objects were read again'),
    leftOut: z.array(z.string()).describe('sources that were not looked at'),
    classes: z.record(z.string(), z.unknown()).describe('files and bytes by kind and verdict'),
    excepted: z.record(z.string(), z.number()).describe('by why'),
    private: z.record(z.string(), z.number()).describe('by what hides them'),
    acknowledged: z
      .strictObject({ given: number('keys'), unused: z.array(z.string()) })
      .describe('keys that were let go'),
    read: z
      .strictObject({ objects: number('how many'), objectBytes: number('of these'), fileBytes: number('of files') })
      .describe('what was read again'),
    scans: z.array(amounts).describe('what it rests on below'),
    listing: amounts.describe('what it rests on above'),
    uses: z.array(amounts).describe('when readers last needed each source'),
    cannotFind: z.array(z.string()).describe('what could be wrong all the same; sentences, and may change'),
    about: z.record(z.string(), z.string()).describe('program, configuration, bucket and ledger'),
    noted: z.array(amounts).describe('each key that is not equal: `key`, `sign`, `reason`, `detail`, `excepted`'),
  }),
  'upstairs inventory': z.strictObject({
    objects: number('in the bucket'),
    bytes: number('of these'),
    began: moment('when the listing began'),
    ended: moment('when it ended'),
  }),
  'upstairs ledger backup': z.strictObject({
    dir: text('where it is'),
    format: number('of the backup'),
    time: moment('what was decided after this may be missing'),
    version: text('of the program'),
    ledger: text("the ledger's id"),
    bucket: text('its bucket'),
    endpoint: text("the bucket's service"),
    files: z.strictObject({ 'ledger.db': file, 'marks.db': file }).describe('`bytes` and `sha256` of each'),
  }),
  'upstairs ledger restore': z.strictObject({
    state: text('where it is now'),
    bucket: text('its bucket'),
    ledger: text("the ledger's id"),
    time: moment('what was decided after this is not known any more'),
    kept: z.array(z.string()).describe('where in `state` is kept what was there'),
  }),
};
