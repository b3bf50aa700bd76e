import { S3ServiceException } from '@aws-sdk/client-s3';

/** What an S3 client was told: `done`, or the status and code of the error. */
export async function said(sent: Promise<unknown>): Promise<string> {
  try {
    await sent;
    return 'done';
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return `${error.$metadata.httpStatusCode} ${error.name}`;
  }
}
