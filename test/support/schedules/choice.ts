/** Something that can happen next. */
export interface Choice {
  readonly label: string;
  readonly weight: number;
  /** It need not happen: when there is nothing else, all is at rest. */
  readonly optional?: true;
  take(): unknown;
}

export function allOptional(choices: readonly Choice[]): boolean {
  return choices.every(({ optional }) => optional);
}
