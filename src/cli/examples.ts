/** A command line, and what it is for. */
export type Example = readonly [line: string, what: string];

const c = '-c /etc/upstairs/upstairs.yaml';

/** At least one for each command, by its whole name; a test parses all of them. Those of `ledger` and its like are those of what stands below. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  upstairs: [
    ['upstairs init', 'the way in: asks a few questions, writes a configuration'],
    [`upstairs check ${c}`, 'what is wrong, and what to do'],
    [`upstairs serve ${c}`, 'runs until it is told to stop'],
  ],
  'upstairs serve': [
    [`upstairs serve ${c}`, 'in the foreground; config/systemd/ has a unit'],
    [
      `upstairs serve ${c} --accept-loss example-social-media`,
      'with a new state, for a bucket whose earlier state is lost',
    ],
  ],
  'upstairs check': [
    [`upstairs check ${c}`, 'errors and warnings, each with what to do'],
    [`upstairs check ${c} --json`, 'all of it for a program'],
    [`upstairs check ${c} --verbose --sample 200`, 'also what is well, and a closer look into the bucket'],
  ],
  'upstairs init': [
    ['upstairs init', 'asks for everything'],
    [
      'upstairs init --from /home/mastodon/live/.env.production --out /etc/upstairs',
      "asks for what Mastodon's settings do not tell",
    ],
  ],
  'upstairs schema': [['upstairs schema', 'into a file, for an editor that checks YAML']],
  'upstairs list': [
    [`upstairs list wanted ${c}`, 'what waits for its copy'],
    [`upstairs list refused ${c} --limit 50 --json`, 'fifty that were given up, for a program'],
  ],
  'upstairs status': [
    [`upstairs status ${c}`, 'once'],
    [`upstairs status ${c} --watch`, 'until Ctrl-C'],
    [`upstairs status ${c} --json`, 'for a program'],
  ],
  'upstairs retire': [
    [`upstairs retire basement ${c}`, 'could it be unplugged? Changes nothing'],
    [`upstairs retire basement ${c} --yes`, 'takes it out of the read path'],
    [`upstairs retire basement ${c} --undo`, 'brings it back'],
  ],
  'upstairs backfill status': [[`upstairs backfill status ${c}`, 'how it gets on']],
  'upstairs backfill start': [[`upstairs backfill start ${c}`, 'whatever the timetable says']],
  'upstairs backfill pause': [[`upstairs backfill pause ${c}`, 'readers go on being served']],
  'upstairs backfill resume': [[`upstairs backfill resume ${c}`, 'the timetable decides again']],
  'upstairs backfill limit': [
    [`upstairs backfill limit '5MiB/s, 50/s' ${c}`, 'bytes and files in a second'],
    [`upstairs backfill limit auto ${c}`, 'as the timetable has it'],
  ],
  'upstairs failures': [
    [`upstairs failures ${c}`, 'what could not be copied, and what to do about each reason'],
    [`upstairs failures ${c} --reason source-unavailable --retry`, 'tries those of one reason again'],
    [`upstairs failures ${c} --lost --csv`, 'what is lost, for the moderators'],
  ],
  'upstairs recopy': [
    [
      `upstairs recopy media_attachments/files/109/original/cat.jpg ${c}`,
      'the bucket has lost it, the old disk has it still',
    ],
  ],
  'upstairs scan': [
    [`upstairs scan ${c}`, 'all sources that are on this machine'],
    [
      `upstairs scan --source overseas --manifest /var/lib/upstairs/manifest ${c}`,
      'one that is elsewhere, from what find told there',
    ],
  ],
  'upstairs acl fix': [
    [`upstairs acl fix ${c}`, 'only counts'],
    [`upstairs acl fix ${c} --yes --rate 50`, 'does it, gently'],
  ],
  'upstairs heat import': [
    [`upstairs heat import /var/log/nginx/access.log /var/log/nginx/access.log.1 ${c}`, 'each line counts once'],
    [
      `upstairs heat import - ${c} --host files.example.social`,
      'from standard input, where a log does not tell the host',
    ],
  ],
  'upstairs verify': [
    [`upstairs verify ${c}`, 'by sizes and MD5 sums that the store tells'],
    [
      `upstairs verify ${c} --source --download 5% --report /var/lib/upstairs/verification.md`,
      'reads files and a sample of objects again; the page to keep',
    ],
    [
      `upstairs verify ${c} --only basement --acknowledged /etc/upstairs/let-go`,
      'one source, with losses that are known',
    ],
  ],
  'upstairs inventory': [
    [`upstairs inventory ${c}`, 'goes on where it was broken off'],
    [`upstairs inventory ${c} --fresh --json`, 'from the beginning, for a program'],
  ],
  'upstairs ledger backup': [
    [`upstairs ledger backup /var/backups/upstairs/monday ${c} --force`, 'each night, in place of the one before'],
  ],
  'upstairs ledger restore': [
    [`upstairs ledger restore /var/backups/upstairs/monday ${c}`, 'into an empty state.dir'],
    [`upstairs ledger restore /var/backups/upstairs/monday ${c} --replace`, 'and keeps beside it what was there'],
  ],
};
