/** Every way in which the program ends by itself. `means` is what holds for all commands; what it is of one of them, its help says. */
export const exitCodes = {
  done: { code: 0, means: 'It was done, and the answer is the good one.' },
  failed: {
    code: 1,
    means:
      'It was not done, not to its end, or the answer is not known. Standard error says what was found, what was expected and what to do.',
  },
  notGood: { code: 2, means: 'It was done, and the answer is not the good one.' },
  usage: {
    code: 64,
    means: 'The command line is not understood (`EX_USAGE`): nothing was begun, and trying again does not help.',
  },
  readerLeft: {
    code: 141,
    means: 'Who read standard output has left (`| head`), as if by `SIGPIPE`: the answer is not whole.',
  },
} as const;

export type ExitName = keyof typeof exitCodes;

export function endWith(name: ExitName): void {
  process.exitCode = exitCodes[name].code;
}
