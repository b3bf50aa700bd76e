import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fencedBlocks } from './markdown.ts';

/** What a reader of the tutorial does, one after the other. */
export interface TutorialStep {
  /** `run`: typed in, to its end · `stays-running`: goes on · `by-hand`: belongs to the reader's own machine. */
  readonly kind: 'run' | 'stays-running' | 'by-hand';
  /** Of what is done by hand. */
  readonly name: string;
  readonly commands: string;
  /** What should be seen, `…` for anything; '' where the page does not say. */
  readonly seen: string;
  /** In the page. */
  readonly line: number;
}

const page = join(import.meta.dirname, '../../docs/tutorial.md');

export function tutorialSteps(): TutorialStep[] {
  const steps: TutorialStep[] = [];
  for (const { language, words, text, line } of fencedBlocks(readFileSync(page, 'utf8'))) {
    const [kind = 'run', name = ''] = words;
    const last = steps.at(-1);
    if (language === 'sh') {
      if (kind !== 'run' && kind !== 'stays-running' && kind !== 'by-hand')
        throw new Error(`line ${line} of the tutorial: what is "sh ${kind}"?`);
      steps.push({ kind, name, commands: text, seen: '', line });
    } else if (language === 'text' && last) {
      // What comes first is no output: there was no command yet.
      steps[steps.length - 1] = { ...last, seen: last.seen + text };
    }
  }
  return steps;
}

/** The first line that should be seen and is not, in their order; `…` alone may be any lines. */
export function notSeen(expected: string, printed: string): string | undefined {
  const lines = printed.split('\n').map((line) => line.trimEnd());
  let at = 0;
  for (const line of expected.split('\n').filter((text) => text !== '' && text !== '…')) {
    const form = new RegExp(`^${line.split('…').map(escaped).join('.*')}$`);
    const found = lines.findIndex((text, index) => index >= at && form.test(text));
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
