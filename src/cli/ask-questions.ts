import { type Given, type Question, type QuestionName, questions } from '../setup/questions.ts';
import { CommandError } from './command-error.ts';
import { Prompt } from './prompt.ts';

export interface Asking {
  /** Answers that were given as options: not asked for. */
  readonly given: Given;
  /** What was found elsewhere: what stands in brackets. */
  readonly found: Given;
  /** Ask nothing: what was found, and the defaults, will do. */
  readonly yes: boolean;
}

/**
 * An answer to every question.
 * @throws CommandError ANSWER_WRONG for an option, ANSWERS_MISSING where nothing may be asked, BROKEN_OFF
 */
export async function askQuestions({ given, found, yes }: Asking): Promise<Required<Given>> {
  const answers: { [name in QuestionName]?: string } = {};
  const wrong: string[] = [];
  const open: Question[] = [];
  for (const question of questions) {
    const text = given[question.name];
    if (text === undefined) {
      open.push(question);
      continue;
    }
    const read = question.read(text);
    if ('value' in read) answers[question.name] = read.value;
    else wrong.push(`${question.by} ${read.problem}`);
  }
  if (wrong.length > 0) throw answerWrong(wrong);
  if (yes) takeDefaults(open, found, answers);
  else if (open.length > 0) await ask(open, found, answers);
  return answers as Required<Given>;
}

type Answers = { [name in QuestionName]?: string };

function takeDefaults(open: readonly Question[], found: Given, answers: Answers): void {
  const missing: string[] = [];
  for (const { name, by, initial, read } of open) {
    const text = found[name] ?? initial?.(answers);
    const answer = text === undefined ? { problem: 'is not known' } : read(text);
    if ('value' in answer) answers[name] = answer.value;
    else missing.push(`${by} ${answer.problem}`);
  }
  if (missing.length > 0)
    throw new CommandError('ANSWERS_MISSING', {
      found: `answers are missing:\n${missing.join('\n')}`,
      expected: 'an answer to each of these',
      todo: 'give them as options, or leave out --yes and be asked',
    });
}

async function ask(open: readonly Question[], found: Given, answers: Answers): Promise<void> {
  const prompt = new Prompt();
  try {
    for (const question of open) answers[question.name] = await answerTo(question, prompt, found, answers);
  } finally {
    prompt.close();
  }
}

/** Asks until the answer will do. A secret that is known already is not shown. */
async function answerTo(question: Question, prompt: Prompt, found: Given, answers: Answers): Promise<string> {
  const { name, text, secret = false, initial, read } = question;
  const fallback = found[name] ?? initial?.(answers);
  const shown = fallback === undefined ? '' : secret ? ' [the one that was found]' : ` [${fallback}]`;
  for (;;) {
    const typed = await prompt.ask(`${text}${shown}: `, { silent: secret });
    const answer = read(typed === '' ? (fallback ?? '') : typed);
    if ('value' in answer) return answer.value;
    process.stderr.write(`  ${typed === '' && fallback === undefined ? 'is needed' : answer.problem}\n`);
  }
}

/** @param problems one a line: the option, and what is the matter with it. */
export function answerWrong(problems: readonly string[]): CommandError {
  return new CommandError('ANSWER_WRONG', {
    found: `these answers will not do:\n${problems.join('\n')}`,
    expected: 'answers of which a configuration can be made',
    todo: 'correct them; `upstairs init --help` says what each is',
  });
}
