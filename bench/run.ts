import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { draining, makeColdTree, makeTree, measureCopying, viewing } from './copying.ts';
import { isolated } from './isolation.ts';
import { type MarkCost, measureMarks } from './mark-cost.ts';
import { beginOrExit } from './needs.ts';
import { type Copies, report } from './report.ts';
import { rows } from './rows.ts';
import { type Effort, measureServing, type Served } from './serving.ts';
import { placeMedia, setStage } from './stage.ts';
import { buildUpstairs } from './upstairs.ts';
import { wholeNumber } from './whole-number.ts';
import { measureWriting, type Written } from './writing.ts';

interface Options extends Effort {
  readonly only: RegExp;
  readonly files: number;
  readonly cold: number;
  readonly puts: number;
  readonly profile?: string;
  readonly write: boolean;
}

/** How many clients write at once. */
const writers = [1, 8];

const options = new Command('npm run bench --')
  .description('Measures Upstairs beside nginx and rclone, before the same bucket and the same disk.')
  .option('--write', 'keep the results in bench/RESULTS.md', false)
  .option(
    '--only <pattern>',
    'only rows whose names match; "put", "copying" and "draining" are three of them',
    (text) => new RegExp(text),
    /^/,
  )
  .option('--rounds <count>', 'how often each side has its turn', wholeNumber, 3)
  .option('--seconds <count>', 'how long a turn takes', wholeNumber, 4)
  .option('--files <count>', 'how many files are copied', wholeNumber, 2000)
  .option('--cold <count>', 'how many files go up that nobody looks at', wholeNumber, 5000)
  .option('--puts <count>', 'how many objects are put on each side in a turn', wholeNumber, 400)
  .option('--profile <dir>', "keep CPU profiles of Upstairs' processes (which then cost more)")
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

beginOrExit();
const text = await bench(options);
console.log(`\n${text}`);
if (options.write) writeFileSync(new URL('RESULTS.md', import.meta.url), text);

async function bench({ rounds, seconds, only, files, cold, puts, profile }: Options): Promise<string> {
  await buildUpstairs();
  await using stage = await setStage(isolated(), profile);
  const effort = { rounds, seconds };
  const wanted = rows.filter(({ name }) => only.test(name));
  const served: Served[] = [];
  if (wanted.length > 0) {
    const media = await placeMedia(stage);
    for (const row of wanted) {
      console.error(`serving: ${row.name}`);
      served.push(await measureServing(stage, media, row, effort));
    }
  }
  const written: Written[] = [];
  let marks: MarkCost[] = [];
  if (only.test('put')) {
    for (const clients of writers) {
      console.error(`put: ${clients} at once`);
      written.push(await measureWriting(stage, { clients, rounds, puts }));
    }
    marks = await measureMarks(1000);
  }
  const copies: Copies[] = [];
  if (only.test('copying')) {
    console.error('copying');
    const tree = await makeTree(files);
    copies.push({ what: 'Copying', tree, copied: await measureCopying(stage, tree, rounds, viewing) });
  }
  if (only.test('draining')) {
    console.error('draining');
    const tree = await makeColdTree(cold);
    copies.push({ what: 'Draining', tree, copied: await measureCopying(stage, tree, rounds, draining) });
  }
  return report({ effort, served, written, marks, puts, copies });
}
