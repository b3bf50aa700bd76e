import type { ExitName } from './exit-codes.ts';

/** What its exit codes say of a command, where that is more than `exit-codes.ts` says of all. By its whole name; a test has each of them given. */
export const commandExits: Readonly<Record<string, Partial<Record<ExitName, string>>>> = {
  'upstairs serve': {
    done: 'it was told to stop, and stopped',
    failed: 'it could not start, or was told a second time to stop, and let go of what was under way',
  },
  'upstairs check': {
    done: 'nothing is wrong',
    failed: 'errors were found',
    notGood: 'warnings only were found',
  },
  'upstairs failures': { done: 'also when there are some' },
  'upstairs retire': {
    done: 'it is retired now, or without --yes could be',
    notGood: 'it was refused, with every reason',
  },
  'upstairs scan': {
    done: 'all was looked at and can move',
    failed: 'it did not come to its end: run again, it goes on where it stood',
    notGood: 'all was looked at, and something was found that cannot move',
  },
  'upstairs acl fix': {
    done: 'all is as it should be now',
    failed: 'it did not come to its end, or of some objects it is not known',
    notGood: 'there is something to do, and --yes was not given',
  },
  'upstairs heat import': { done: 'all logs were read', failed: 'some could not be read, or not to their end' },
  'upstairs verify': {
    done: 'every file below is in the bucket and equal, or excepted by a mark, a rule or the acknowledged list',
    failed: 'it could not be found out',
    notGood: 'it is not so',
  },
  'upstairs inventory': { done: 'the whole bucket was listed', failed: 'it was not' },
};
