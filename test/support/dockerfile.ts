/** An instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals. */
  readonly name: string;
  /** What follows it, continued lines joined. */
  readonly text: string;
  /** The stage it stands in: its name, or its number. */
  readonly stage: string;
}

/** Reads what this project's Dockerfile uses: no here-documents, no other escape character. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  let stages = 0;
  let stage = '';
  return lines.map((line) => {
    const [, name = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction of a Dockerfile: ${line}`);
    if (name.toUpperCase() === 'FROM') {
      stage = / as (\S+)$/i.exec(rest)?.[1] ?? String(stages);
      stages++;
    }
    return { name: name.toUpperCase(), text: rest.trim(), stage };
  });
}

/** What a COPY takes: from which stage (undefined: from the project), and which paths. */
export function copied({ text }: Instruction): { from: string | undefined; sources: string[]; target: string } {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}
