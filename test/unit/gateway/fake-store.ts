import { Readable } from 'node:stream';
import type { StoreAnswer, StoreRequest } from '../../../src/gateway/store-gateway.ts';

/** A store that answers in turn what the test says, and keeps what it was asked. */
export class FakeStore {
  readonly sent: StoreRequest[] = [];
  answers: StoreAnswer[];

  constructor(...answers: StoreAnswer[]) {
    this.answers = answers;
  }

  async send(request: StoreRequest): Promise<StoreAnswer> {
    this.sent.push(request);
    const answer = this.answers.shift();
    if (!answer) throw new Error(`nobody expected ${request.method} ${request.key}`);
    return answer;
  }

  /** The methods, in order. */
  get methods(): string[] {
    return this.sent.map(({ method }) => method);
  }
}

export function answered(status: number, headers: Record<string, string> = {}, body = ''): StoreAnswer {
  return { kind: 'answered', status, headers, body: Readable.from(body === '' ? [] : [Buffer.from(body)]) };
}

/** An error with its document; a HEAD has none. */
export function refused(status: number, code?: string): StoreAnswer {
  return answered(status, {}, code === undefined ? '' : `<Error><Code>${code}</Code><Message>no</Message></Error>`);
}

export function noAnswer(sentNothing = false): StoreAnswer {
  return { kind: 'unknown', cause: new Error('reset'), sentNothing };
}
