import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Returns what is to be told of every buffer that passes, in bytes. After `everyBytes` it collects the young garbage, which takes about
 * a millisecond. Left to itself V8 waits for some 64 MB of dead buffers, marks its whole heap then, and meanwhile others come: on a busy
 * machine that was 100 MB and more for one stream. Of what `gc` can do only `minor` is asked, so nothing old is looked at.
 */
export function youngGarbage(everyBytes: number): (bytes: number) => void {
  // Gives `gc` to contexts made from here on; ours does not get one.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  let passed = 0;
  return (bytes) => {
    passed += bytes;
    if (passed < everyBytes) return;
    passed = 0;
    collect({ type: 'minor' });
  };
}
