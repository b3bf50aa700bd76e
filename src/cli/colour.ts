import { styleText } from 'node:util';

/** What colours are for: how it stands. */
export type Mood = 'good' | 'doubtful' | 'bad';

const formats = { good: 'green', doubtful: 'yellow', bad: 'red' } as const;

/** In colour where `stream` is a terminal that has them; never with NO_COLOR (https://no-color.org), always with FORCE_COLOR. */
export function coloured(mood: Mood, text: string, stream: NodeJS.WriteStream): string {
  return styleText(formats[mood], text, { stream, validateStream: true });
}

/** The same, for what is printed on standard output. */
export function colouredOutput(mood: Mood, text: string): string {
  return coloured(mood, text, process.stdout);
}
