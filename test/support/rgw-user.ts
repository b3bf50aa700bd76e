import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import type { Rgw } from './rgw.ts';

const run = promisify(execFile);

/** A user of the gateway who owns nothing, and may do what policies of buckets grant. */
export interface RgwUser {
  readonly uid: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export async function rgwUser(rgw: Rgw): Promise<RgwUser> {
  const uid = `limited-${randomBytes(4).toString('hex')}`;
  const user = { uid, accessKey: `KEY${randomBytes(6).toString('hex')}`, secretKey: randomBytes(16).toString('hex') };
  const keys = [`--access-key=${user.accessKey}`, `--secret-key=${user.secretKey}`];
  const gateway = ['-c', join(rgw.dir, 'ceph.conf'), '-n', 'client.rgw'];
  await run('radosgw-admin', [...gateway, 'user', 'create', `--uid=${uid}`, '--display-name=limited', ...keys], {
    timeout: 30_000,
  });
  return user;
}

/** Lets a user, or everybody, do some things (`s3:GetObject`) with a bucket and its objects. What is denied is so for owners too. */
export async function grant(
  rgw: Rgw,
  bucket: string,
  user: RgwUser | 'everybody',
  actions: readonly string[],
  denied: readonly string[] = [],
): Promise<void> {
  const statement = (Effect: 'Allow' | 'Deny', Action: readonly string[]) => ({
    Effect,
    Principal: user === 'everybody' ? '*' : { AWS: [`arn:aws:iam:::user/${user.uid}`] },
    Action,
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  });
  const Statement = [statement('Allow', actions), ...(denied.length > 0 ? [statement('Deny', denied)] : [])];
  const policy = { Version: '2012-10-17', Statement };
  await rgw.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));
}
